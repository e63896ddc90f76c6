// bench/rows.ts: what is measured: each row is one entry.

export interface Row {
  readonly name: string
  /** For the reader of the table. */
  readonly about: string
  /** How the gateways reach the node. */
  readonly upstream: 'tcp' | 'unix'
  /** Added by wrk to its own Host. */
  readonly headers: readonly string[]
}

// What Chrome sends for a page of a shop: with wrk's Host 16 fields in about 760 bytes.
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

export const ROWS: readonly Row[] = [
  { name: 'keep-alive', about: "wrk's own small head, node over TCP", upstream: 'tcp', headers: [] },
  { name: 'browser', about: "Chrome's head, node over TCP", upstream: 'tcp', headers: CHROME_HEADERS },
  { name: 'unix', about: "wrk's own small head, node over a UNIX socket", upstream: 'unix', headers: [] },
]
