// test/stats/sample-entry.ts: the exchange that tests of the access log write about.
import type { AccessEntry } from '../../stats/access-log.ts'

export const sampleEntry: Readonly<AccessEntry> = {
  id: 'p1-7',
  client: '203.0.113.9',
  method: 'GET',
  target: '/cart?item=2',
  proto: 'HTTP/1.1',
  host: 'www.example.com',
  referer: 'https://example.com/start',
  userAgent: 'curl/8.5',
  status: 200,
  headBytes: 45,
  bodyBytes: 4,
  requestBytes: 12,
  vars: 28,
  varBytes: 309,
  node: 'uwsgi://127.0.0.1:3031',
  tries: 2,
  startedAt: Date.UTC(2026, 10, 7, 2, 19, 2, 45),
  durationMs: 12.3456,
  headers: 3,
  hasFailed: false,
  values: [],
  user: '',
  noted: null,
}
