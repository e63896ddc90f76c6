// test/config/logger-kinds.test.ts: where log lines may go, and what is said about uWSGI's other loggers.
import t, { type Test } from 'tap'
import { configOf, folderOf, problemsOf } from './folder.ts'

const SYSLOG = 'Use rsyslog:127.0.0.1 and let rsyslogd or journald listen on UDP.'
const UNIX_DATAGRAM = 'Node cannot write to UNIX datagram sockets such as /dev/log.'
const LOGGER = 'Write file:PATH, stdio, rsyslog:HOST[:PORT][,IDENT[,PRIORITY]] or socket:HOST:PORT.'
const COLLECTOR = 'Use file: or rsyslog: and let a log collector pass the lines on.'
const HOST = 'Write HOST:PORT, such as 127.0.0.1:514 or [::1]:514.'
const PRIORITY = 'PRIORITY is facility * 8 + severity, from 0 to 191: 134 for local0.info.'
const RSYSLOG = { kind: 'rsyslog', transport: 'udp', port: 514, ident: 'sluice', priority: 29 }

function load(t: Test, line: string) {
  return folderOf(t, { 'a.ini': `[sluice]\n${line}\nhttp = :0\n` }).load('a.ini')
}

for (const [written, option, value] of [
  ['logger = file:/var/log/a b.log', 'logger', [{ kind: 'file', path: '/var/log/a b.log' }]],
  ['logger = stdio', 'logger', [{ kind: 'stdio' }]],
  ['logger = stdio:', 'logger', [{ kind: 'stdio' }]],
  ['logger = rsyslog:10.0.0.1', 'logger', [{ ...RSYSLOG, host: '10.0.0.1' }]],
  ['logger = rsyslog:logs.example:1514', 'logger', [{ ...RSYSLOG, host: 'logs.example', port: 1514 }]],
  ['logger = rsyslog:[::1]', 'logger', [{ ...RSYSLOG, host: '::1' }]],
  ['logger = rsyslog:h,edge', 'logger', [{ ...RSYSLOG, host: 'h', ident: 'edge' }]],
  [
    'logger = rsyslog:h:99, edge, 134',
    'logger',
    [{ ...RSYSLOG, host: 'h', port: 99, ident: 'edge', priority: 134 }],
  ],
  ['logger = rsyslog:h,,0', 'logger', [{ ...RSYSLOG, host: 'h', priority: 0 }]],
  ['logger = rsyslog:tcp://h', 'logger', [{ ...RSYSLOG, transport: 'tcp', host: 'h' }]],
  [
    'logger = rsyslog:tcp://[::1]:601,x',
    'logger',
    [{ ...RSYSLOG, transport: 'tcp', host: '::1', port: 601, ident: 'x' }],
  ],
  ['logger = socket:h:1717', 'logger', [{ kind: 'socket', host: 'h', port: 1717 }]],
  ['logger = socket::1717', 'logger', [{ kind: 'socket', host: '127.0.0.1', port: 1717 }]],
  ['logger = stdio\nlogger = file:a', 'logger', [{ kind: 'stdio' }, { kind: 'file', path: 'a' }]],
  ['logger-req = file:a', 'req-logger', [{ kind: 'file', path: 'a' }]],
  ['logto = a.log', 'logto', { kind: 'file', path: 'a.log' }],
  ['logto = /var/log/a:1', 'logto', { kind: 'file', path: '/var/log/a:1' }],
  ['logto = 10.0.0.1:1717', 'logto', { kind: 'socket', host: '10.0.0.1', port: 1717 }],
  ['logto2 = [::1]:1717', 'logto2', { kind: 'socket', host: '::1', port: 1717 }],
  ['daemonize = ./a:1', 'daemonize', { kind: 'file', path: './a:1' }],
  ['daemonize2 = :1717', 'daemonize2', { kind: 'socket', host: '127.0.0.1', port: 1717 }],
] as const) {
  t.test(`${written.replaceAll('\n', ' + ')} is ${JSON.stringify(value)}`, async t => {
    t.strictSame(configOf(load(t, written)).values[option], value)
  })
}

for (const [line, problem] of [
  [
    'logger = err file:/x y',
    `a.ini:2: option "logger" cannot be "err file:/x y": a logger with an ID, here "err", gets only lines that log-route chooses, which Sluice lacks. Write file:/x y alone: it gets every line.`,
  ],
  ['logger =', `a.ini:2: option "logger" cannot be "": it has no value. ${LOGGER}`],
  ['logger = file', `a.ini:2: option "logger" cannot be "file": the path is missing. ${LOGGER}`],
  [
    'logger = /var/log/x.log',
    'a.ini:2: option "logger" cannot be "/var/log/x.log": "/var/log/x.log" is no logger. For a file, write file:/var/log/x.log.',
  ],
  ['req-logger = warp:9', `a.ini:2: option "req-logger" cannot be "warp:9": "warp" is no logger. ${LOGGER}`],
  ['logger = stdio:x', `a.ini:2: option "logger" cannot be "stdio:x": stdio takes no argument. ${LOGGER}`],
  ['logger = syslog', `a.ini:2: option "logger" cannot be "syslog": ${UNIX_DATAGRAM} ${SYSLOG}`],
  [
    'logger = syslog:x,local0',
    `a.ini:2: option "logger" cannot be "syslog:x,local0": ${UNIX_DATAGRAM} ${SYSLOG}`,
  ],
  [
    'logger = rsyslog:/dev/log',
    `a.ini:2: option "logger" cannot be "rsyslog:/dev/log": ${UNIX_DATAGRAM} ${SYSLOG}`,
  ],
  [
    'logger = socket:/run/x.sock',
    `a.ini:2: option "logger" cannot be "socket:/run/x.sock": ${UNIX_DATAGRAM} Use socket:HOST:PORT and let the receiver listen on UDP.`,
  ],
  ['logger = socket:h', `a.ini:2: option "logger" cannot be "socket:h": the port is missing. ${HOST}`],
  ['logger = socket:', `a.ini:2: option "logger" cannot be "socket:": the address is missing. ${LOGGER}`],
  ['logger = rsyslog:', `a.ini:2: option "logger" cannot be "rsyslog:": the host is missing. ${LOGGER}`],
  ['logger = rsyslog:h:0', `a.ini:2: option "logger" cannot be "rsyslog:h:0": the port is missing. ${HOST}`],
  [
    'logger = rsyslog:h:x',
    `a.ini:2: option "logger" cannot be "rsyslog:h:x": "x" in "h:x" is not a port. ${HOST}`,
  ],
  [
    'logger = rsyslog:::1',
    `a.ini:2: option "logger" cannot be "rsyslog:::1": "::1" is an IPv6 address without brackets. ${HOST}`,
  ],
  [
    'logger = rsyslog:tls://h',
    'a.ini:2: option "logger" cannot be "rsyslog:tls://h": syslog does not travel by tls://. Write rsyslog:HOST for UDP, or rsyslog:tcp://HOST.',
  ],
  [
    'logger = rsyslog:h,a b',
    'a.ini:2: option "logger" cannot be "rsyslog:h,a b": "a b" is no name of a program. IDENT is a word without blanks and colons.',
  ],
  [
    'logger = rsyslog:h,a,local0',
    `a.ini:2: option "logger" cannot be "rsyslog:h,a,local0": "local0" is no priority. ${PRIORITY}`,
  ],
  [
    'logger = rsyslog:h,a,192',
    `a.ini:2: option "logger" cannot be "rsyslog:h,a,192": "192" is no priority. ${PRIORITY}`,
  ],
  [
    'logger = fd:3',
    'a.ini:2: option "logger" cannot be "fd:3": only descriptors that Sluice opened itself are written to. Use stdio or file:PATH.',
  ],
  [
    'logger = pipe:cat',
    'a.ini:2: option "logger" cannot be "pipe:cat": no program is started for log lines. Use stdio and pipe the output: sluice … | COMMAND.',
  ],
  [
    'logger = systemd',
    'a.ini:2: option "logger" cannot be "systemd": journald takes its own form over UNIX datagrams only. Use stdio: systemd gives it to journald.',
  ],
  [
    'logger = redislog:h:6379',
    `a.ini:2: option "logger" cannot be "redislog:h:6379": log lines are not written to Redis. ${COLLECTOR}`,
  ],
  [
    'logger = zmq:tcp://h:1',
    `a.ini:2: option "logger" cannot be "zmq:tcp://h:1": ZeroMQ is not spoken. ${COLLECTOR}`,
  ],
  [
    'logger = mongodblog:h',
    `a.ini:2: option "logger" cannot be "mongodblog:h": MongoDB is not spoken. ${COLLECTOR}`,
  ],
  [
    'logger = graylog2:h',
    `a.ini:2: option "logger" cannot be "graylog2:h": GELF is not spoken. ${COLLECTOR}`,
  ],
  [
    'logger = crypto:h',
    `a.ini:2: option "logger" cannot be "crypto:h": lines cannot be encrypted on their way. ${COLLECTOR}`,
  ],
  ['logger = python', `a.ini:2: option "logger" cannot be "python": no Python runs in Sluice. ${COLLECTOR}`],
  [
    'logto = app:v2.log',
    'a.ini:2: option "logto" cannot be "app:v2.log": "v2.log" in "app:v2.log" is not a port. What has a colon is HOST:PORT for UDP; for a file, write ./app:v2.log.',
  ],
] as const) {
  t.test(`refused: ${line}`, async t => t.strictSame(problemsOf(load(t, line)), [problem]))
}
