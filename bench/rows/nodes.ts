// bench/rows/nodes.ts: the row with few and with thousands of nodes that announced themselves.
import { type Row, requests, USUAL } from '../row.ts'

export const NODES_ROWS: readonly Row[] = [
  {
    ...USUAL,
    name: 'nodes',
    about:
      'nodes that announce themselves every ten seconds: 10 in a key, 1,000 in 100 keys, 10,000 in 1,000 keys, 10,000 in one key',
    load: requests(),
    manyNodes: true,
  },
]
