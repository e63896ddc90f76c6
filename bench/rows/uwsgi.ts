// bench/rows/uwsgi.ts: rows with the real uWSGI behind, which takes a connection for each request.
import { type Row, requests, USUAL } from '../row.ts'

const UWSGI = { ...USUAL, node: 'uwsgi', load: requests() } as const

export const UWSGI_ROWS: readonly Row[] = [
  { ...UWSGI, name: 'uwsgi', about: 'to uWSGI over TCP', goal: 1.2 },
  { ...UWSGI, name: 'uwsgi-unix', about: 'to uWSGI over a UNIX socket', over: 'unix', goal: 1.3 },
]
