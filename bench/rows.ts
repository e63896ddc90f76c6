// bench/rows.ts: what is measured: each row is one entry in rows/, by kind.
import type { Row } from './row.ts'
import { BODY_ROWS } from './rows/bodies.ts'
import { IDLE_ROWS } from './rows/idle.ts'
import { FRESH_ROWS, KEEP_ALIVE_ROWS } from './rows/keep-alive.ts'
import { NODES_ROWS } from './rows/nodes.ts'
import { RULE_ROWS } from './rows/rules.ts'
import { TLS_ROWS } from './rows/tls.ts'
import { UWSGI_ROWS } from './rows/uwsgi.ts'

/** In the order in which they are measured. */
export const ROWS: readonly Row[] = [
  ...KEEP_ALIVE_ROWS,
  ...FRESH_ROWS,
  ...BODY_ROWS,
  ...TLS_ROWS,
  ...UWSGI_ROWS,
  ...NODES_ROWS,
  ...RULE_ROWS,
  ...IDLE_ROWS,
]
