// test/config/service.test.ts: options of a service: what they mean, and which of them do not go together.
import t, { type Test } from 'tap'
import { listenersOf } from '../../config/listeners.ts'
import { configOf, folderOf, problemsOf, warningsOf } from './folder.ts'

const INHERITED = 'Inherited sockets begin with fd://3.'
const EVENT_LOG = 'Take one of them out; logger may be given several times.'

// Line 1 is [sluice]. A listener is added below unless the lines have one.
function load(t: Test, lines: string) {
  const isComplete = /^(http|https|http-to-https) =/m.test(lines)
  return folderOf(t, { 'a.ini': `[sluice]\n${lines}\n${isComplete ? '' : 'http = :0\n'}` }).load('a.ini')
}

for (const [written, option, value] of [
  [
    'log-format = %(addr) "%(method) %(uri)" %(var.HTTP_X) %(mine)',
    'log-format',
    '%(addr) "%(method) %(uri)" %(var.HTTP_X) %(mine)',
  ],
  ['set-ph = name=edge\nlog-format = %(name) %(status)', 'log-format', 'edge %(status)'],
  ['log-date', 'log-date', '%a %b %e %H:%M:%S %Y'],
  ['log-prefix = %%Y-%%m', 'log-date', '%Y-%m'],
  ['log-date = off', 'log-date', null],
  ['log-ioerror = true', 'log-ioerror', true],
  ['chmod-socket', 'chmod-socket', 0o666],
  ['chmod-socket = 1', 'chmod-socket', 0o666],
  ['chmod = true', 'chmod-socket', 0o666],
  ['chmod-socket = 660', 'chmod-socket', 0o660],
  ['chmod-socket = 660\nchmod-socket = false', 'chmod-socket', null],
  ['chown-socket = www-data:33', 'chown-socket', 'www-data:33'],
  ['umask = 0027', 'umask', 0o027],
  ['umask = 077', 'umask', 0o077],
  ['logfile-chmod = 640', 'logfile-chmod', 0o640],
  ['max-fd = 65536', 'max-fd', 65_536],
  ['http-enable-proxy-protocol', 'http-enable-proxy-protocol', true],
  ['socket-send-timeout', 'so-send-timeout', 1],
  ['so-write-timeout = 30', 'so-send-timeout', 30],
  ['uid = app\nhttp-uid = app', 'http-uid', 'app'],
  ['master-as-root = false', 'master-as-root', false],
] as const) {
  t.test(`${written.replaceAll('\n', ' + ')} makes ${option} ${JSON.stringify(value)}`, async t => {
    const loaded = load(t, written)
    t.strictSame(configOf(loaded).values[option], value)
    t.strictSame(warningsOf(loaded), [])
  })
}

for (const [lines, ...problems] of [
  [
    'logto = a\nlogto2 = b',
    `a.ini:3: options "logto" and "logto2" both say where the event log goes. ${EVENT_LOG}`,
  ],
  [
    'logto = a\nlogger = stdio',
    `a.ini:2: options "logger" and "logto" both say where the event log goes. ${EVENT_LOG}`,
  ],
  [
    'daemonize = a\ndaemonize2 = a',
    `a.ini:3: options "daemonize" and "daemonize2" both say where the event log goes. ${EVENT_LOG}`,
  ],
  [
    'http = fd://2',
    `a.ini:2: option "http" cannot be "fd://2": fd://2 is standard input or output. ${INHERITED}`,
  ],
  [
    'https = fd://0,a,b',
    `a.ini:2: option "https" cannot be "fd://0,a,b": fd://0 is standard input or output. ${INHERITED}`,
  ],
  [
    'http-to-https = fd://1',
    `a.ini:2: option "http-to-https" cannot be "fd://1": fd://1 is standard input or output. ${INHERITED}`,
  ],
  [
    'shared-socket = fd://1',
    `a.ini:2: option "shared-socket" cannot be "fd://1": fd://1 is standard input or output. ${INHERITED}`,
  ],
  [
    'umask = 1022',
    'a.ini:2: option "umask" cannot be "1022": it is above 777. Write three octal digits such as 027.',
  ],
  [
    'umask = 098',
    'a.ini:2: option "umask" cannot be "098": it is not three or four octal digits. Write three octal digits such as 027.',
  ],
  [
    'chmod-socket = 9',
    'a.ini:2: option "chmod-socket" cannot be "9": it is not three or four octal digits. Write octal digits such as 660, true or false.',
  ],
  [
    'chown-socket = a:b:c',
    'a.ini:2: option "chown-socket" cannot be "a:b:c": it is neither USER nor USER:GROUP. Write a user, or user:group, by names or numbers: www-data:www-data.',
  ],
  [
    'enable-proxy-protocol\nhttps = x.sock,a,b',
    'a.ini:3: option "https" listens on x.sock: the PROXY protocol in front of TLS needs TCP. Listen on TCP there, or take enable-proxy-protocol out.',
  ],
  [
    'https = =0,a,b\nshared-socket = x.sock\nabstract-socket\nhttp-enable-proxy-protocol',
    'a.ini:2: option "https" listens on @x.sock: the PROXY protocol in front of TLS needs TCP. Listen on TCP there, or take http-enable-proxy-protocol out.',
  ],
  [
    'http-uid = app',
    'a.ini:2: option "http-uid" is "app", but there is no uid: all processes of an instance run as one user and group. Write uid = app, and take http-uid out.',
  ],
  [
    'uid = web\nhttp-uid = app',
    'a.ini:3: option "http-uid" is "app", but "uid" is "web": all processes of an instance run as one user and group. Write uid = app, and take http-uid out.',
  ],
  [
    'gid = web\nhttp-gid = app',
    'a.ini:3: option "http-gid" is "app", but "gid" is "web": all processes of an instance run as one user and group. Write gid = app, and take http-gid out.',
  ],
  [
    'master-as-root = true',
    'a.ini:2: "master-as-root = true" is not supported: nothing of Sluice stays root once every socket is bound. Take it out.',
  ],
] as const) {
  t.test(`refused: ${lines.replaceAll('\n', ' + ')}`, async t => {
    t.strictSame(problemsOf(load(t, lines)), problems)
  })
}

for (const [lines, ...warnings] of [
  [
    'die-on-term = false',
    'a.ini:2: warning: SIGTERM reloads, as in uWSGI, because of "die-on-term = false"; most supervisors send TERM to stop. Take it out unless something here counts on it.',
  ],
  [
    'vacuum = false',
    'a.ini:2: warning: pid files and UNIX sockets are always removed at the end, "vacuum = false" changes nothing. Take it out.',
  ],
  ['vacuum = true'],
  [
    'auto-procname = false',
    'a.ini:2: warning: processes are always named by their role, "auto-procname = false" changes nothing. Take it out; procname gives them another name.',
  ],
  [
    'log-master = false',
    'a.ini:2: warning: the master always keeps lines whole, "log-master = false" changes nothing. Take it out.',
  ],
  [
    'pidfile = x\npidfile2 = y\nsafe-pidfile = ./x',
    'a.ini:4: warning: "safe-pidfile" and "pidfile" name the same file, "./x". Take one of them out.',
  ],
  [
    'max-connections = 5\nmax-connections-per-ip = 6',
    'a.ini:3: warning: option "max-connections-per-ip" allows 6 connections, more than the 5 of max-connections. Lower it, or raise max-connections.',
  ],
  [
    'log-maxsize = 1m',
    'a.ini:2: warning: "log-maxsize" has no effect without a log file. Add logto = FILE or access-log = FILE.',
  ],
  [
    'log-maxsize = 1m\naccess-log = -\nlogto = 127.0.0.1:1717',
    'a.ini:2: warning: "log-maxsize" has no effect without a log file. Add logto = FILE or access-log = FILE.',
  ],
  [
    'touch-logrotate = x',
    'a.ini:2: warning: "touch-logrotate" has no effect without a log file. Add logto = FILE or access-log = FILE.',
  ],
  ['log-maxsize = 1m\nreq-logger = file:x'],
  ['log-maxsize = 1m\ndaemonize = x'],
  ['log-backupname = x', 'a.ini:2: warning: "log-backupname" has no effect without logto. Add logto = FILE.'],
  [
    'logto = a\nlog-backupname = x',
    'a.ini:3: warning: "log-backupname" has no effect without log-maxsize or touch-logrotate. Add log-maxsize = BYTES.',
  ],
  ['logto = a\nlog-backupname = x\ntouch-logrotate = y'],
  [
    'access-log = a\naccess-log-format = json\nlog-format = x',
    'a.ini:3: warning: "access-log-format" has no effect beside log-format. Take one of them out.',
  ],
  ['req-logger = stdio\naccess-log-format = json'],
  ['disable-logging'],
  [
    'access-log = a\ndisable-logging',
    'a.ini:3: warning: "disable-logging" switches access-log off. Take one of them out.',
  ],
  ['access-log = a\ndisable-logging\nlog-5xx'],
] as const) {
  t.test(`warned about: ${lines.replaceAll('\n', ' + ')}`, async t => {
    const loaded = load(t, lines)
    t.strictSame(problemsOf(loaded), [])
    t.strictSame(warningsOf(loaded), warnings)
  })
}

t.test(
  'abstract-socket turns the paths of all listeners into abstract names, and those of nodes stay',
  async t => {
    const config = configOf(
      load(
        t,
        'abstract-socket = true\nshared-socket = s.sock\nhttp = =0\nhttp = /run/h.sock\nhttps = t.sock,a,b\nhttp-to-https = r.sock,443\nhttp = :80\nhttp-to = /run/app.sock',
      ),
    )
    t.strictSame(
      listenersOf(config).map(({ address }) => `${address.kind} ${address.text}`),
      ['shared =0', 'abstract @/run/h.sock', 'tcp 0.0.0.0:80', 'abstract @t.sock', 'abstract @r.sock'],
    )
    t.match(config.values['shared-socket'], [{ kind: 'abstract', name: 's.sock', text: '@s.sock' }])
    t.match(config.values['http-to'], [{ path: '/run/app.sock' }])
  },
)

t.test('two listeners that abstract-socket makes the same are told', async t => {
  t.match(problemsOf(load(t, 'abstract-socket\nhttp = x.sock\nhttps = @x.sock,a,b')), [
    /^a\.ini:4: option "https" listens on @x\.sock, which "http" already uses at a\.ini:3\./,
  ])
})

t.test('inherited descriptors may be listened on from 3', async t => {
  const { values } = configOf(load(t, 'shared-socket = fd://4\nhttp = fd://3\nhttps = =0,a,b'))
  t.match(values.http, [{ kind: 'fd', fd: 3, text: 'fd://3' }])
  t.match(values['shared-socket'], [{ kind: 'fd', fd: 4 }])
})

t.test('a configuration knows its files, each once, in the order they were read', async t => {
  const folder = folderOf(t, {
    'a.ini': '[sluice]\nhttp = :0\ninclude = sub/b.ini\naccess-log = @(name.txt)\n[more]\nlisten = 5\n',
    'sub/b.ini': '[sluice]\nini = c.ini\n',
    'c.ini': '[sluice]\n',
    'name.txt': 'a.log\n',
  })
  t.strictSame(
    configOf(folder.load('a.ini', 'a.ini:more')).files,
    ['a.ini', 'sub/b.ini', 'c.ini', 'name.txt'].map(file => `${folder.path}/${file}`),
  )
  t.strictSame(configOf(folder.load('--http=:0')).files, [])
})
