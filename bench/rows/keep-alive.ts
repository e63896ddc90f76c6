// bench/rows/keep-alive.ts: rows with small answers, over connections that are kept and over fresh ones.
import { type Row, requests, USUAL } from '../row.ts'

// What Chrome sends for a page of a shop: with Host 16 fields in about 760 bytes.
const CHROME_HEADERS = [
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-User: ?1',
  'Sec-Fetch-Dest: document',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9',
  'Cookie: sid=8f14e45fceea167a5a36dedd4bea2543; seen=1',
] as const

/** These alone are measured by `--quick`. */
export const KEEP_ALIVE_ROWS: readonly Row[] = [
  {
    ...USUAL,
    name: 'keep-alive',
    about: 'a request of 40 bytes, an answer of 100',
    load: requests(),
    goal: 1.1,
  },
  {
    ...USUAL,
    name: 'browser',
    about: "Chrome's head: 760 bytes, 16 fields",
    load: requests({ headers: CHROME_HEADERS }),
    goal: 1.1,
  },
  { ...USUAL, name: 'unix', about: 'the node on a UNIX socket', over: 'unix', load: requests(), goal: 1.1 },
]

export const FRESH_ROWS: readonly Row[] = [
  {
    ...USUAL,
    name: 'fresh',
    about: 'a client connection for each request',
    load: requests({ headers: ['Connection: close'] }),
    goal: 1.25,
  },
]
