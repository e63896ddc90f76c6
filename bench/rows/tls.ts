// bench/rows/tls.ts: rows with TLS 1.3 to the client; the certificate has a P-256 key.
import { type Row, requests, USUAL } from '../row.ts'

const TLS = { ...USUAL, client: 'https' } as const

export const TLS_ROWS: readonly Row[] = [
  { ...TLS, name: 'https', about: 'TLS, connections kept', load: requests(), goal: 1.12 },
  {
    ...TLS,
    name: 'https-100k',
    about: 'TLS, connections kept, answers of 100 KB',
    load: requests({ path: '/files/100k' }),
    comparedWith: 'nginx-buffers',
  },
  {
    ...TLS,
    name: 'handshake',
    about: 'a TLS connection with a full handshake for each request',
    load: { kind: 'handshakes', resumed: false },
    goal: 1.35,
  },
  {
    ...TLS,
    name: 'resumed',
    about: 'a TLS connection with a resumed handshake for each request',
    load: { kind: 'handshakes', resumed: true },
    goal: 1.25,
  },
]
