// test/bench/bench.test.ts: the bench reads wrk rightly, computes what it says, and refuses in one line.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { spread } from '../../bench/measure.ts'
import { printRow } from '../../bench/report.ts'
import { readWrk } from '../../bench/wrk.ts'

const BENCH = fileURLToPath(new URL('../../bench/main.ts', import.meta.url))

const WRK = `Running 1s test @ http://127.0.0.1:1/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.18ms  402.12us  12.31ms   93.99%
    Req/Sec    54.21k     1.02k   55.90k    70.50%
  Latency Distribution
     50%    1.14ms
     75%    1.25ms
     90%    1.39ms
     99%  990.00us
  59480 requests in 1.10s, 14.86MB read
Requests/sec:  54072.13
Transfer/sec:     13.51MB
`

t.test("wrk's figures are read, whatever its percentages of deviation are", async t => {
  t.strictSame(readWrk(WRK), {
    requests: 59_480,
    requestsPerSecond: 54_072.13,
    p50Ms: 1.14,
    p99Ms: 0.99,
    errors: [],
  })
})

t.test('errors are kept, and a text that is not from wrk is refused', async t => {
  const errors = ['Socket errors: connect 0, read 3, write 0, timeout 0', 'Non-2xx or 3xx responses: 12']
  const text = WRK.replace('Requests/sec', `  ${errors[0]}\n  ${errors[1]}\nRequests/sec`)
  t.strictSame(readWrk(text).errors, errors)
  t.throws(() => readWrk('unable to connect'), /wrk printed no/)
})

t.test('median and quartiles', async t => {
  t.strictSame(spread([3, 1, 2]), { low: 1.5, median: 2, high: 2.5 })
  t.strictSame(spread([4, 1, 3, 2]), { low: 1.75, median: 2.5, high: 3.25 })
  t.strictSame(spread([7]), { low: 7, median: 7, high: 7 })
})

t.test('a table shows the peers, their processes, and errors', async t => {
  const one = { low: 1, median: 1, high: 1 }
  const peer = { cpuUs: one, ratio: one, requestsPerSecond: 5, p99Ms: 2, processes: [] }
  const processes = [10e6, 30e6].map(rssBytes => ({ pid: 1, cpuShare: 0.5, rssBytes }))
  const peers = [
    { ...peer, name: 'nginx', processes: processes.slice(1), errors: [] },
    { ...peer, name: 'sluice', processes, errors: ['Non-2xx or 3xx responses: 12'] },
  ]
  const table = printRow({ row: 'unix', about: 'so', rounds: 3, comparedWith: 'nginx', peers })
  t.match(table, 'unix: so; 3 rounds')
  t.match(table, /^nginx +1\.00 +1\.00 +\(1\.00-1\.00\) +5 +2\.00 +30$/m)
  t.match(table, /^sluice .* 10 \+ 30 = 40$/m)
  t.match(table, '  sluice: Non-2xx or 3xx responses: 12\n')
})

t.test('what it cannot do is said in one line, with exit code 1', async t => {
  for (const [args, path, says] of [
    [['--row', 'nope'], process.env.PATH, /^bench: there is no row "nope"\. Choose from: keep-alive, /],
    [['--only', 'nginx,nope'], process.env.PATH, /^bench: there is no peer "nope"\. Choose from: nginx, /],
    [['--rounds', '0'], process.env.PATH, /^bench: --rounds wants a number from 1, not "0"/],
    [['--also', 'x'], process.env.PATH, /^bench: --also wants NAME=COMMAND, not "x"/],
    [[], '/nonexistent', /^bench: missing: taskset, wrk.*\. Install with: apt-get install util-linux wrk/],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, [BENCH, ...args], {
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
    })
    t.match(stderr, says)
    t.equal(stderr.trimEnd().split('\n').length, 1)
    t.equal(status, 1)
  }
})
