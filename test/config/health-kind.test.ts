// test/config/health-kind.test.ts: lines of health-check: what they mean, what is left out, and what is wrong with others.
import t from 'tap'
import { healthCheck } from '../../config/health-kind.ts'

const DEFAULTS = { key: '*', intervalMs: 5000, timeoutMs: 2000, rise: 2, fall: 3 }
const HTTP = { kind: 'http', path: '/', host: '', statuses: [{ from: 200, to: 399 }] }

for (const [text, meaning] of [
  ['tcp', { ...DEFAULTS, method: { kind: 'tcp' } }],
  ['uwsgi,key=*.Example.com', { ...DEFAULTS, key: '*.example.com', method: { kind: 'uwsgi' } }],
  ['tcp,key=A.example/Shop*', { ...DEFAULTS, key: 'a.example/Shop*', method: { kind: 'tcp' } }],
  ['http', { ...DEFAULTS, method: HTTP }],
  ['http=/a?b=c&d=e', { ...DEFAULTS, method: { ...HTTP, path: '/a?b=c&d=e' } }],
  [
    ' key = shop.example , http = /health , host = a.example:81 , status=200 , status=300-399 , interval=1m , timeout=10 , rise=1 , fall=100',
    {
      key: 'shop.example',
      intervalMs: 60_000,
      timeoutMs: 10_000,
      rise: 1,
      fall: 100,
      method: {
        kind: 'http',
        path: '/health',
        host: 'a.example:81',
        statuses: [
          { from: 200, to: 200 },
          { from: 300, to: 399 },
        ],
      },
    },
  ],
] as const) {
  t.test(`"${text}" is understood`, async t => t.same(healthCheck.schema.parse(text), meaning))
}

for (const [text, problem] of [
  ['', '"" is no part of a check'],
  ['key=a', 'it says no method'],
  ['tcp,http=/', 'it has two methods'],
  ['tcp=1', 'tcp takes no value'],
  ['http=health', '"health" is no path'],
  ['http=/a b', '"/a b" is no path'],
  ['http=/,key', 'key has no value'],
  ['http=/,key=', '"" is no pattern of keys'],
  ['http=/,rise=1,rise=2', 'rise is given twice'],
  ['http=/,rise=0', 'rise is not a whole number from 1 to 100'],
  ['http=/,fall=many', 'fall is not a whole number from 1 to 100'],
  ['http=/,interval=0', 'interval is no length of time'],
  ['http=/,timeout=x', 'timeout is no length of time'],
  ['http=/,status=99', '"99" is no status'],
  ['http=/,status=300-200', '"300-200" is no status'],
  ['tcp,status=200', 'status and host belong to http'],
  ['uwsgi,host=a', 'status and host belong to http'],
  ['http=/,host=a b', '"a b" is no host'],
  ['http=/,hots=a', '"hots=a" is no part of a check'],
] as const) {
  t.test(`"${text}" is refused`, async t => {
    t.equal(healthCheck.schema.safeParse(text).error?.issues[0]?.message, problem)
  })
}
