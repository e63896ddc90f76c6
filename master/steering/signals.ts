// master/steering/signals.ts: what each signal to the master asks for.
import type { Config } from '../../config/config.ts'
import type { StopMode } from '../controls.ts'
import type { Log } from '../logs/log.ts'
import type { Command, Requests } from './requests.ts'

const COMMANDS: Readonly<Partial<Record<NodeJS.Signals, Command>>> = {
  SIGHUP: 'reload',
  SIGTSTP: 'pause or resume',
  SIGUSR1: 'log summary',
  SIGUSR2: 'log status',
}

/**
 * TERM ends gracefully, INT and QUIT at once, and a second one of them does not wait for daemons either. With
 * die-on-term = false TERM reloads. WINCH, URG and CHLD do nothing by themselves.
 *
 * @param current the config in force
 */
export function handleSignals(requests: Requests, current: () => Config, log: Log): void {
  const stopOn = (signal: NodeJS.Signals, mode: StopMode) => {
    log.info({ signal }, requests.isStopping ? 'stopping at once' : 'stopping')
    requests.stop(requests.isStopping ? 'kill' : mode)
  }
  const obey = (signal: NodeJS.Signals, command: Command) => {
    log.info({ signal, command }, 'asked to')
    requests.obey(command)
  }
  process.on('SIGTERM', signal => {
    if (current().values['die-on-term'] || requests.isStopping) stopOn(signal, 'graceful')
    else obey(signal, 'reload')
  })
  process.on('SIGINT', signal => stopOn(signal, 'now'))
  process.on('SIGQUIT', signal => stopOn(signal, 'now'))
  for (const [signal, command] of Object.entries(COMMANDS)) {
    process.on(signal, () => obey(signal as NodeJS.Signals, command))
  }
  // It would end us; who reads what we write may leave.
  process.on('SIGPIPE', () => {})
}
