// bin/inspector.ts: no debugger that nobody asked for.
import inspector from 'node:inspector'

/**
 * A SIGUSR1 that came before the first line of bin/sluice.js may open Node's inspector late, on a busy machine. One that
 * the command line asks for stays.
 */
export function closeUninvitedInspector(): void {
  const isInvited = process.execArgv.some(word => word.startsWith('--inspect'))
  if (!isInvited && inspector.url() !== undefined) inspector.close()
}
