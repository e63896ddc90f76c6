// bench/rows/idle.ts: rows with connections that do nothing: what counts is memory.
import { type Row, USUAL } from '../row.ts'

export const IDLE_ROWS: readonly Row[] = [
  {
    ...USUAL,
    name: 'idle',
    about: '10,000 idle connections, bytes of each',
    load: { kind: 'idle', connections: 10_000 },
    goal: 4096,
  },
  {
    ...USUAL,
    name: 'idle-tls',
    about: '2,000 idle TLS connections, bytes of each',
    client: 'https',
    load: { kind: 'idle', connections: 2_000 },
    goal: 48 * 1024,
  },
]
