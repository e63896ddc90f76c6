// test/master/logs/log-plan.test.ts: which lines are logged, and where they go.
import t from 'tap'
import { problemText } from '../../../config/config.ts'
import { planLogs } from '../../../master/logs/log-plan.ts'
import { configOf, folderOf } from '../../config/folder.ts'

const NONE = {
  clientErrors: false,
  serverErrors: false,
  slowMs: null,
  bigBytes: null,
  empty: false,
  ioErrors: false,
}
const SYSLOG = {
  kind: 'rsyslog',
  transport: 'udp',
  host: '127.0.0.1',
  port: 514,
  ident: 'sluice',
  priority: 29,
}
const STDERR = { kind: 'stderr' }
const STDOUT = { kind: 'stdout' }

/** Paths in `/` stand for the folder the config lies in. */
function planned(t: Parameters<typeof folderOf>[0], ini: string) {
  const folder = folderOf(t, { 'a.ini': `[sluice]\nhttp = 127.0.0.1:0\n${ini}\n` })
  const { plan, problems, warnings } = planLogs(configOf(folder.load('a.ini')), folder.path)
  return {
    folder: folder.path,
    plan: JSON.parse(JSON.stringify(plan).replaceAll(`${folder.path}/`, '/')) as typeof plan,
    problems: problems.map(each => problemText(each).replaceAll(`${folder.path}/`, '/')),
    warnings: warnings.map(each => problemText(each, 'warning')),
  }
}

const file = (path: string) => ({ kind: 'file', path })

for (const [what, ini, events, access, lines] of [
  ['nothing asked for: events only', '', [STDERR], null, []],
  ['a file of its own, written by the gateways', 'access-log = a', [STDERR], '/a', []],
  ['standard output, through the master', 'access-log = -', [STDERR], '-', [STDOUT]],
  ['the file of logto takes lines of no other place', 'logto = l\naccess-log = -', [file('/l')], '/l', []],
  ['log-format alone follows the events', 'logto = l\nlog-format = %(uri)', [file('/l')], '/l', []],
  ['or goes to standard output', 'log-format = %(uri)', [STDERR], '-', [STDOUT]],
  ['or to the loggers', 'logger = rsyslog:127.0.0.1\nlog-format = %(uri)', [SYSLOG], '-', [SYSLOG]],
  ['logger = stdio: the two streams', 'logger = stdio\nlog-format = %(uri)', [STDERR], '-', [STDOUT]],
  ['one req-logger that is a file', 'req-logger = file:r', [STDERR], '/r', []],
  [
    'two of them go through the master',
    'req-logger = file:r\nreq-logger = stdio',
    [STDERR],
    '-',
    [file('/r'), STDOUT],
  ],
  ['one file twice is one', 'access-log = r\nreq-logger = file:r', [STDERR], '/r', []],
  ['logto by UDP', 'logto = 127.0.0.1:99', [{ kind: 'socket', host: '127.0.0.1', port: 99 }], null, []],
  ['daemonize names the log', 'daemonize = d\nlog-4xx', [file('/d')], '/d', []],
  ['disable-logging', 'access-log = a\ndisable-logging', [STDERR], null, []],
  ['disable-logging but for some', 'access-log = a\ndisable-logging\nlog-4xx', [STDERR], '/a', []],
] as const) {
  t.test(what, async t => {
    const { plan, problems } = planned(t, ini)
    t.strictSame(problems, [])
    t.strictSame(plan.events, events)
    t.equal(plan.access?.file ?? null, access)
    t.strictSame(plan.lines, lines)
  })
}

for (const [ini, only] of [
  ['access-log = a', null],
  ['access-log = a\nlog-4xx', null],
  ['log-4xx', { ...NONE, clientErrors: true }],
  [
    'log-5xx\nlog-slow = 250\nlog-big = 1m',
    { ...NONE, serverErrors: true, slowMs: 250, bigBytes: 1_048_576 },
  ],
  ['access-log = a\nlog-zero\nlog-ioerror\ndisable-logging', { ...NONE, empty: true, ioErrors: true }],
] as const) {
  t.test(`which requests: ${ini.replaceAll('\n', ', ')}`, async t => {
    t.strictSame(planned(t, ini).plan.access?.only, only)
  })
}

t.test('the form of the lines', async t => {
  const { plan } = planned(
    t,
    'log-format = %(ftime) %(uri)\nlog-format-strftime\nlog-date = %%H\nlog-micros\nlog-x-forwarded-for\nlogfile-chmod = 600',
  )
  t.match(plan.access, {
    template: '%(ftime) %(uri)',
    strftime: '%H',
    micros: true,
    forwardedFor: true,
    mode: 0o600,
  })
  t.match(plan, { date: '%H', form: 'human', mode: 0o600, setsMode: true })
})

t.test('files are known with their place, and one that cannot be written is refused there', async t => {
  const { plan, problems } = planned(
    t,
    'logto2 = l\nreq-logger = file:r\nreq-logger = file:no/such/r\naccess-log = a',
  )
  t.match(plan.files, [
    { path: '/l', isMain: true, place: { line: 3 } },
    { path: '/a', what: 'access log', isMain: false, place: { line: 6 } },
    { path: '/r', place: { line: 4 } },
    { path: '/no/such/r', place: { line: 5 } },
  ])
  t.equal(problems.length, 1)
  t.match(problems[0], /^a\.ini:5: the log file \/no\/such\/r cannot be written: there is no directory/)
})

t.test('a name of log-format that means nothing is warned about once', async t => {
  const known = '%(addr) %(user) %(ltime) "%(method) %(uri)" %(var.HTTP_X) %(metric.x) %(rss) %% %x'
  const { warnings } = planned(t, `log-format = ${known} %(adr) %(adr) %(toString)`)
  t.strictSame(warnings, [
    'a.ini:3: warning: "%(adr)" is no name of log-format, and prints "-". docs/operations.md has the names.',
    'a.ini:3: warning: "%(toString)" is no name of log-format, and prints "-". docs/operations.md has the names.',
  ])
})

t.test('what rules note for the log is a name of log-format', async t => {
  const { warnings } = planned(t, 'route = ^/ logvar:who=$0\nlog-format = %(who) %(whom)')
  t.equal(warnings.length, 1)
  t.match(warnings[0], /"%\(whom\)" is no name/)
})

t.test('what has no effect is warned about', async t => {
  const { plan, warnings } = planned(
    t,
    'daemonize = a\nlogto2 = b\nlog-format-strftime\nlog-format = %(uri)\nlog-maxsize = 1m\nlog-backupname = c',
  )
  t.match(plan, { events: [file('/b')], maxBytes: 1_048_576, backupName: '/c' })
  t.equal(warnings.length, 2)
  t.match(warnings.join('\n'), 'nothing is logged to the file of "daemonize", as "logto2" names another')
  t.match(warnings.join('\n'), '"log-format-strftime" has no effect without log-date')
})
