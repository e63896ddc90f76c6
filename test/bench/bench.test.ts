// test/bench/bench.test.ts: the bench reads its tools rightly, computes what it says, and refuses in one line.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readHandshakes } from '../../bench/handshakes.ts'
import { printRow } from '../../bench/report.ts'
import { spread } from '../../bench/spread.ts'
import { readStrace } from '../../bench/system-calls.ts'
import { readWrk } from '../../bench/wrk.ts'
import { peerResult, rowResult } from './results.ts'

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
  t.strictSame(readWrk(WRK), { requests: 59_480, requestsPerSecond: 54_072.13, p99Ms: 0.99, errors: [] })
})

t.test('errors are kept, and a text that is not from wrk is refused', async t => {
  const errors = ['Socket errors: connect 0, read 3, write 0, timeout 0', 'Non-2xx or 3xx responses: 12']
  const text = WRK.replace('Requests/sec', `  ${errors[0]}\n  ${errors[1]}\nRequests/sec`)
  t.strictSame(readWrk(text).errors, errors)
  t.throws(() => readWrk('unable to connect'), /wrk printed no/)
})

t.test('handshakes are counted over all clients, and those of the other kind are an error', async t => {
  const told = (letters: string) =>
    `No CIPHER specified\n\n\nNow timing with session id reuse.\nstarting\n${letters}`
  const good = readHandshakes([told('rrr'), told('rrrrr\n\n5 connections in 0.01s')], true, 2)
  t.strictSame(good, { requests: 8, requestsPerSecond: 4, p99Ms: null, errors: [] })
  t.strictSame(readHandshakes([told('r*r')], true, 1).errors, ['1 of 3 connections were not resumed'])
  const full = ['Collecting connection statistics for 11 seconds\n***']
  t.match(readHandshakes(full, false, 1), { requests: 3, errors: [] })
  t.strictSame(readHandshakes([`${full}r`], false, 1).errors, ['1 of 4 connections were resumed'])
  t.match(readHandshakes(['connect: refused'], true, 1).errors, [
    /^s_time made no connection: connect: refused/,
  ])
})

t.test(
  'system calls are counted for each request, with and without errors, the most frequent first',
  async t => {
    const text = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.006000           3      2000           write
 30.00    0.003000           1      2100        50 read
 10.00    0.001000         100         5           brk
------ ----------- ----------- --------- --------- ----------------
100.00    0.010000           2      4105        50 total
`
    const { perRequest, byName } = readStrace(text, 1000)
    t.equal(perRequest.toFixed(3), '4.105')
    t.strictSame(Object.entries(byName), [
      ['read', 2.1],
      ['write', 2],
    ])
  },
)

t.test('median and quartiles', async t => {
  t.strictSame(spread([3, 1, 2]), { low: 1.5, median: 2, high: 2.5 })
  t.strictSame(spread([4, 1, 3, 2]), { low: 1.75, median: 2.5, high: 3.25 })
  t.strictSame(spread([7]), { low: 7, median: 7, high: 7 })
})

t.test('a table shows the peers, their processes, system calls and errors', async t => {
  const processes = [10e6, 30e6].map(rssBytes => ({ pid: 1, cpuShare: 0.5, rssBytes }))
  const systemCalls = { perRequest: 4.1, byName: { read: 2, write: 2.1 } }
  const errors = ['Non-2xx or 3xx responses: 12']
  const peers = [
    peerResult('nginx', 1, { processes: processes.slice(1) }),
    peerResult('sluice', 1.5, { processes, systemCalls, errors }),
  ]
  const table = printRow(rowResult('unix', { about: 'so', rounds: 3, peers }))
  t.match(table, 'unix: so; 3 rounds')
  t.match(table, /^nginx +10\.00 +1\.00 +\(1\.00-1\.00\) +5 +2\.00 +- +30$/m)
  t.match(table, /^sluice +15\.00 +1\.50 .* 4\.10 +10 \+ 30 = 40$/m)
  t.match(table, '  sluice: read 2.00, write 2.10\n')
  t.match(table, '  sluice: Non-2xx or 3xx responses: 12\n')
})

t.test('a table leaves out what nobody has a figure for', async t => {
  const peers = [peerResult('sluice', 1, { requestsPerSecond: null, p99Ms: null, ratio: null })]
  const table = printRow(rowResult('idle', { unit: 'bytes', peers }))
  t.notMatch(table, /requests\/s|p99|calls/)
  t.match(table, /^sluice +10 +- +/m)
})

t.test('what it cannot do is said in one line, with exit code 1', async t => {
  for (const [args, path, says] of [
    [['--row', 'nope'], process.env.PATH, /^bench: there is no row "nope"\. Choose from: keep-alive, /],
    [['--only', 'nginx,nope'], process.env.PATH, /^bench: there is no peer "nope"\. Choose from: nginx, /],
    [['--rounds', '0'], process.env.PATH, /^bench: --rounds wants a number above 0, not "0"/],
    [['--seconds', '0.0'], process.env.PATH, /^bench: --seconds wants a number above 0, not "0\.0"/],
    [['--also', 'x'], process.env.PATH, /^bench: --also wants NAME=COMMAND, not "x"/],
    [['--gate', '--write'], process.env.PATH, /^bench: --gate and --write do not go together/],
    [['--nope'], process.env.PATH, /^bench: Unknown option '--nope'/],
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
