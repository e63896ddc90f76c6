// bin/in-hand.ts: how many connections a service has in hand, as the kernel of this machine counts them.
import { readFileSync } from 'node:fs'

const LISTEN = '0A'
// ESTABLISHED, SYN_RECV, FIN_WAIT1 (an answer is still on its way), CLOSE_WAIT. Those not yet accepted are among them.
const IN_HAND = new Set(['01', '03', '04', '08'])

/** @returns null when it cannot be known: no /proc, or nobody listens on that port in this network namespace */
export function connectionsInHand(port: number): number | null {
  const states = ['tcp', 'tcp6'].flatMap(table => statesOf(`/proc/net/${table}`, port))
  if (!states.includes(LISTEN)) return null
  return states.filter(state => IN_HAND.has(state)).length
}

// Fields of a line: number, own address as hex "ADDRESS:PORT", the other's, state, ...
function statesOf(file: string, port: number): string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return linesOf(file).flatMap(line => {
    const [, own = '', , state = ''] = line.trim().split(/\s+/)
    return own.endsWith(ending) ? [state] : []
  })
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').trimEnd().split('\n').slice(1)
  } catch {
    return []
  }
}
