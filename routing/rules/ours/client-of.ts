// routing/rules/ours/client-of.ts: whose request it is, whatever rules made of REMOTE_ADDR.
import type { Run } from '../run.ts'

/** How variables name clients of UNIX sockets. Nobody connects from there. */
const OF_UNIX = '0.0.0.0'

/** @returns its address, also behind trusted proxies; '' for a UNIX socket */
export function clientOf({ source }: Run): string {
  const address = source.read('REMOTE_ADDR') ?? ''
  return address === OF_UNIX ? '' : address
}
