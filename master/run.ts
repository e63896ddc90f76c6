// master/run.ts: runs one instance from its plan to its exit code; meets accidents.
import { unwantedVariables } from './environment.ts'
import type { Log } from './logs/log.ts'
import type { Logs } from './logs/logs.ts'
import { Master } from './master.ts'
import type { StartPlan } from './plan.ts'
import { servedText } from './served.ts'
import { nameMaster } from './steering/process-names.ts'
import { handleSignals } from './steering/signals.ts'
import { Steering } from './steering/steering.ts'

/** Milliseconds that a stop may take after an accident. */
const LAST_MS = 5000

export interface RunOptions {
  readonly logs: Logs
  readonly version: string
  /** Shows people what is served where. */
  readonly print: (text: string) => void
  /** Reads and checks the whole config again. @throws StartRefused */
  readonly read: () => Promise<StartPlan>
  /** Where systemd hears how far we are; null: nobody does. */
  readonly notifySocket: string | null
}

/** @returns the exit code once everything ended; 0 after a stop. @throws StartRefused when it cannot start */
export async function runMaster(plan: StartPlan, options: RunOptions): Promise<number> {
  const { logs, notifySocket, version, read } = options
  const log = logs.events
  nameMaster(plan.config.values)
  warnOfEnvironment(log)
  const exit = Promise.withResolvers<number>()
  const master = new Master({
    plan,
    logs,
    version,
    read,
    beforeDrop: owner => steering.beforeDrop(owner),
    afterDrop: () => steering.afterDrop(),
  })
  const steering = new Steering({
    master,
    directory: plan.startDirectory,
    env: process.env,
    notifySocket,
    log,
    onStopped: () => exit.resolve(0),
  })
  handleSignals(steering.requests, () => master.config, log)
  handleAccidents(master, log, code => exit.resolve(code))
  try {
    steering.check()
    const served = await Promise.race([master.start(), exit.promise.then(() => null)])
    if (served?.length && !steering.requests.isStopping) {
      const where = served.map(({ url }) => url).join(' ')
      // In this order: whoever is told that we serve may read the log, and who reads that we serve may steer.
      log.info({ version, gateways: plan.gateways }, 'started')
      steering.serving(`serving ${where}`)
      options.print(servedText(version, served))
    }
    const code = await exit.promise
    log.info({ exitCode: code }, 'stopped')
    return code
  } catch (error) {
    await master.stop('now')
    throw error
  } finally {
    steering.close()
  }
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
