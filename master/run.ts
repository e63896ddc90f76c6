// master/run.ts: runs one instance from its plan to its exit code; meets signals and accidents.
import { unwantedVariables } from './environment.ts'
import type { Log } from './log.ts'
import { Master, type StopMode } from './master.ts'
import type { StartPlan } from './plan.ts'
import { type Served, servedText } from './served.ts'

/** Milliseconds that a stop may take after an accident. */
const LAST_MS = 5000

export interface RunOptions {
  readonly log: Log
  readonly version: string
  /** Shows people what is served where. */
  readonly print: (text: string) => void
}

/** @returns the exit code once everything ended; 0 after a stop. @throws StartRefused when it cannot start */
export async function runMaster(plan: StartPlan, { log, version, print }: RunOptions): Promise<number> {
  process.title = 'sluice: master'
  warnOfEnvironment(log)
  const master = new Master(plan, log)
  const exit = Promise.withResolvers<number>()
  const stop = (mode: StopMode) => void master.stop(mode).then(() => exit.resolve(0))
  handleSignals(stop, log)
  handleAccidents(master, log, code => exit.resolve(code))
  try {
    const served = await Promise.race([master.start(), exit.promise.then(() => null)])
    if (served?.length) announce(served, version, plan.gateways, log, print)
  } catch (error) {
    await master.stop('now')
    throw error
  }
  const code = await exit.promise
  log.info({ exitCode: code }, 'stopped')
  return code
}

function announce(
  served: readonly Served[],
  version: string,
  gateways: number,
  log: Log,
  print: RunOptions['print'],
): void {
  log.info({ version, gateways }, 'started')
  print(servedText(version, served))
}

/** TERM ends gracefully, INT and QUIT at once, and a second one of any of them does not wait either. */
function handleSignals(stop: (mode: StopMode) => void, log: Log): void {
  let isStopping = false
  const stopOn = (signal: NodeJS.Signals, mode: StopMode) => {
    process.on(signal, () => {
      log.info({ signal }, isStopping ? 'stopping at once' : 'stopping')
      stop(isStopping ? 'kill' : mode)
      isStopping = true
    })
  }
  stopOn('SIGTERM', 'graceful')
  stopOn('SIGINT', 'now')
  stopOn('SIGQUIT', 'now')
  process.on('SIGHUP', () => log.warn('reload is not supported yet: restart to read the config again'))
  // USR1 would open Node's inspector, USR2 and PIPE would end us.
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const) process.on(signal, () => {})
}

// An unknown state is no state to go on from: end everything, so that a supervisor starts us afresh.
function handleAccidents(master: Master, log: Log, exit: (code: number) => void): void {
  const onAccident = (error: unknown) => {
    log.fatal({ code: 'SLUICE_INTERNAL', err: error }, 'internal error: the master stops')
    setTimeout(() => process.exit(1), LAST_MS).unref()
    void master.stop('now').finally(() => exit(1))
  }
  process.on('uncaughtException', onAccident)
  process.on('unhandledRejection', onAccident)
  // Whoever reads our output may leave.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

function warnOfEnvironment(log: Log): void {
  for (const name of unwantedVariables()) {
    log.warn({ name }, 'environment variable is not handed to gateways')
    if (name !== 'NODE_OPTIONS') delete process.env[name]
  }
}
