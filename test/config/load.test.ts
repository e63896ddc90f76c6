// test/config/load.test.ts: what a right configuration means.
import t from 'tap'
import { environmentOf } from '../../config/environment.ts'
import { usualQueue } from '../../config/queue-length.ts'
import { configOf, folderOf, pairsOf, placeText, problemsOf, warningsOf } from './folder.ts'

t.test('without options the defaults hold', async t => {
  const { values } = configOf(folderOf(t, {}).load('--http', ':0'))
  t.match(values, {
    'http-timeout': 60_000,
    'http-keepalive': 60_000,
    'http-headers-timeout': 60_000,
    'http-connect-timeout': 60_000,
    'http-manage-expect': -1,
    'http-websockets': true,
    'http-gracetime': 30_000,
    'http-max-head-size': 32_768,
    'http-max-headers': 128,
    'http-max-uri': 8192,
    'http-max-idle': 256,
    'limit-post': 0,
    listen: usualQueue(),
    'access-log': null,
    'access-log-format': 'uwsgi',
    'die-on-term': true,
    'http-to': [],
    'trusted-proxy': [],
  })
  t.ok(values['http-processes'] >= 1)
})

for (const [written, option, value] of [
  ['http-timeout = 90', 'http-timeout', 90_000],
  ['http-timeout = 90s', 'http-timeout', 90_000],
  ['http-timeout = 2m', 'http-timeout', 120_000],
  ['http-timeout = 1H', 'http-timeout', 3_600_000],
  ['http-timeout = 1d', 'http-timeout', 86_400_000],
  ['http-timeout = 5', 'http-connect-timeout', 5000],
  ['http-timeout = 5', 'http-keepalive', 5000],
  ['http-timeout = 5\nhttp-headers-timeout = 7', 'http-headers-timeout', 7000],
  ['http-keepalive', 'http-keepalive', 60_000],
  ['http-keepalive = 1', 'http-keepalive', 60_000],
  ['http-keepalive = true\nhttp-timeout = 9', 'http-keepalive', 9000],
  ['http-keepalive = 0', 'http-keepalive', 0],
  ['http-keepalive = off', 'http-keepalive', 0],
  ['http-keepalive = 30', 'http-keepalive', 30_000],
  ['http-keepalive = 2m', 'http-keepalive', 120_000],
  ['http-manage-expect', 'http-manage-expect', 0],
  ['http-manage-expect = true', 'http-manage-expect', 0],
  ['http-manage-expect = no', 'http-manage-expect', -1],
  ['http-manage-expect = 1m', 'http-manage-expect', 2 ** 20],
  ['limit-post = 10m', 'limit-post', 10 * 2 ** 20],
  ['limit-post = 65536', 'limit-post', 65_536],
  ['http-max-head-size = 16K', 'http-max-head-size', 16_384],
  ['http-websockets = false', 'http-websockets', false],
  ['http-raw-body', 'http-raw-body', true],
  ['http-raw-body = YES', 'http-raw-body', true],
  ['http-raw-body = Off', 'http-raw-body', false],
  ['disable-logging = true', 'disable-logging', true],
  ['http-server-name-as-http-host = true', 'http-server-name-as-http-host', true],
  ['http-workers = 3', 'http-processes', 3],
  ['listen = 10\nlisten = 20', 'listen', 20],
  ['http-var = A=1\nhttp-var = B=', 'http-var', ['A=1', 'B=']],
  [
    'trusted-proxy = 10.0.0.0/8, unix\ntrusted-proxy = 2001:DB8::/32,192.0.2.7',
    'trusted-proxy',
    ['10.0.0.0/8', 'unix', '2001:db8::/32', '192.0.2.7/32'],
  ],
  ['attach-daemon = a; b # c\nattach-daemon = d', 'attach-daemon', ['a; b # c', 'd']],
  ['plugins = http, python3', 'plugins', ['http', 'python3']],
  ['access-log = -\naccess-log-format = json', 'access-log-format', 'json'],
] as const) {
  t.test(`${written.replaceAll('\n', ' + ')} makes ${option} ${JSON.stringify(value)}`, async t => {
    const folder = folderOf(t, { 'a.ini': `[sluice]\nhttp = :0\n${written}\n` })
    t.strictSame(configOf(folder.load('a.ini')).values[option], value)
  })
}

t.test('https takes a certificate, a key, ciphers and a CA', async t => {
  const read = (line: string) => {
    return configOf(folderOf(t, { 'a.ini': `[sluice]\nhttps = ${line}\n` }).load('a.ini')).values.https[0]
  }
  const plain = { cert: 'a.pem', key: 'a.key', ciphers: '', clientCa: '', clientCertRequired: false }
  t.match(read(':443,a.pem,a.key'), { address: { kind: 'tcp', port: 443 }, ...plain })
  t.match(read('=0,a.pem,a.key\nshared-socket = :443'), { address: { kind: 'shared', index: 0 }, ...plain })
  t.match(read(':443,a.pem,a.key,HIGH,ca.pem'), { ...plain, ciphers: 'HIGH', clientCa: 'ca.pem' })
  t.match(read(':443,a.pem,a.key,,!ca.pem'), { ...plain, clientCa: 'ca.pem', clientCertRequired: true })
  t.match(read(':443,self-signed'), { ...plain, cert: 'self-signed', key: '' })
})

t.test('http-to-https takes an address and the port to name', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\nhttp-to-https = :80\nhttp-to-https = :8080,8443\n' })
  const ports = configOf(folder.load('a.ini')).values['http-to-https'].map(({ port }) => port)
  t.strictSame(ports, ['', '8443'])
})

t.test('shared sockets are numbered in the order of declaration, deferred or not', async t => {
  const folder = folderOf(t, {
    'a.ini': '[sluice]\nhttp = =1\nundeferred-shared-socket = :1\nshared-socket = :2\n',
  })
  const { values } = configOf(folder.load('a.ini'))
  t.strictSame(
    values['shared-socket'].map(({ text }) => text),
    ['0.0.0.0:1', '0.0.0.0:2'],
  )
})

t.test('every value knows its place', async t => {
  const folder = folderOf(t, {
    'a.ini': '[sluice]\nhttp = :1\n\ninclude = sub/b.ini\nhttp-timeout = 5\n',
    'sub/b.ini': '; comment\n[sluice]\nhttp = :2\ntrusted-proxy = 10.0.0.0/8, unix\nhttp-timeout = 4\n',
  })
  const { place } = configOf(folder.load('--http=:3', 'a.ini'))
  t.equal(placeText(place('http', 0)), 'command line')
  t.equal(placeText(place('http', 1)), 'a.ini:2')
  t.equal(placeText(place('http', 2)), 'sub/b.ini:3')
  t.equal(placeText(place('http-timeout')), 'a.ini:5', 'of the value that won')
  t.equal(placeText(place('trusted-proxy', 1)), 'sub/b.ini:4')
  t.equal(placeText(place('listen')), 'command line', 'of a default')
})

t.test('the configuration is frozen to its last value', async t => {
  const config = configOf(folderOf(t, {}).load('--http=:0', '--http-to=:1'))
  for (const part of [
    config,
    config.values,
    config.values['http-to'],
    config.values['http-to'][0],
    config.pairs,
    config.pairs[0],
  ]) {
    t.ok(Object.isFrozen(part))
  }
})

t.test('sections [sluice] and [uwsgi] are read alike, and add up', async t => {
  const folder = folderOf(t, { 'a.ini': '[uwsgi]\nhttp = :1\n[other]\nhttp = :2\n[sluice]\nhttp = :3\n' })
  t.equal(configOf(folder.load('a.ini')).values.http.length, 2)
})

t.test('a byte order mark hides nothing', async t => {
  const folder = folderOf(t, { 'a.ini': '\ufeff[sluice]\nhttp = :0\n' })
  t.equal(configOf(folder.load('a.ini')).values.http.length, 1)
})

t.test('a bare file may name its section', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\nhttp = :1\n[app]\nhttp = :2\n' })
  t.equal(configOf(folder.load('a.ini:app')).values.http[0]?.text, '0.0.0.0:2')
})

t.test('one file holds uWSGI’s workers in [uwsgi] and a gateway in a section of its own', async t => {
  const folder = folderOf(t, {
    'a.ini': '[uwsgi]\nsocket = x.sock\nprocesses = 2\n[front]\nhttp = :0\nhttp-to = /x.sock\n',
  })
  t.strictSame(pairsOf(folder.load('a.ini:front')), [
    ['http', ':0'],
    ['http-to', '/x.sock'],
  ])
  t.equal(folder.load('a.ini:front').kind, 'config')
  t.equal(problemsOf(folder.load('a.ini')).length, 2)
})

t.test('what is missing in a file is warned about', async t => {
  const folder = folderOf(t, { 'a.ini': 'http = :1\n[sluice]\nhttp = :0\ninclude = a.ini:nope\n' })
  t.strictSame(warningsOf(folder.load('a.ini')), [
    'a.ini:1: warning: lines before the first section are not read. Write [sluice] above this one.',
    'a.ini:1: warning: lines before the first section are not read. Write [sluice] above this one.',
    'a.ini:4: warning: "a.ini" has no section [nope]. Add the line [nope], or ask for another section by FILE:SECTION.',
  ])
})

t.test('a name that is no option is fine where something uses it', async t => {
  for (const lines of ['base = /srv\npidfile = %(base)/pid', 'n = 2\nlisten = %(n * 8)', 'set-ph = mine=1']) {
    t.strictSame(problemsOf(folderOf(t, { 'a.ini': `[sluice]\nhttp = :0\n${lines}\n` }).load('a.ini')), [])
  }
})

t.test('strict = false turns what is unknown or not supported into warnings', async t => {
  const folder = folderOf(t, { 'a.ini': '[uwsgi]\nstrict = false\nhttp = :0\nwrokers = 4\njail = /x\n' })
  const loaded = folder.load('a.ini')
  t.equal(loaded.kind, 'config')
  t.strictSame(warningsOf(loaded), [
    'a.ini:4: warning: option "wrokers" is unknown. Did you mean "workers"?',
    'a.ini:5: warning: option "jail" is not supported. Use systemd or a container.',
  ])
})

t.test('strict = false does not excuse wrong values, nor what would be misread', async t => {
  const folder = folderOf(t, { 'a.ini': '[uwsgi]\nstrict = false\nhttp = :80x\nif-env = X\n' })
  t.equal(problemsOf(folder.load('a.ini')).length, 2)
})

t.test('doubtful things are warned about', async t => {
  const folder = folderOf(t, {
    'a.ini': `[sluice]
http = :8080
http = 0.0.0.0:8080
master = false
plugin = /usr/lib/uwsgi/plugins/http_plugin.so, router_static, warp
access-log-format = json
pidfile = %q%(nobody)
`,
  })
  t.strictSame(warningsOf(folder.load('a.ini')), [
    'a.ini:7: warning: "%q" is no magic variable and is left out. Write "%%q" for a percent sign.',
    'a.ini:7: warning: nothing defines %(nobody) in "pidfile"; it stays as written. Define it: set-ph = nobody=VALUE.',
    'a.ini:3: warning: option "http" listens on 0.0.0.0:8080, which "http" already uses at a.ini:2. Take one of them out, or choose another address.',
    'a.ini:5: warning: plugin "warp" is not one that Sluice can stand in for. Take it out.',
    'a.ini:4: warning: the master always runs, "master = false" changes nothing. Take it out.',
    'a.ini:6: warning: "access-log-format" has no effect without access-log. Add access-log = FILE.',
  ])
})

t.test('placeholders resolve fully, wherever they stand', async t => {
  const folder = folderOf(
    t,
    {
      'a.ini': `[sluice]
a = %(b)
b = %(c)%(c)
c = x$(NAME)
http = :%(PORT_$(NAME))
PORT_y = 80@(digits)
pidfile = %(a)@($(DIR)/v.txt)
`,
      digits: '80\n',
      'd/v.txt': '-%(c)\n\n',
    },
    { NAME: '$(INNER)', INNER: 'y', DIR: 'd' },
  )
  const { values } = configOf(folder.load('a.ini'))
  t.equal(values.pidfile, 'xyxy-xy\n', 'one newline of the file is cut')
  t.equal(values.http[0]?.text, '0.0.0.0:8080')
})

t.test('a shell command keeps its own $(…)', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\nhttp = :0\nattach-daemon = echo $(date) >> log\n' })
  const loaded = folder.load('a.ini')
  t.strictSame(configOf(loaded).values['attach-daemon'], ['echo $(date) >> log'])
  t.strictSame(warningsOf(loaded), [])
})

t.test('a variable that is not set stays as written, with a warning', async t => {
  const folder = folderOf(
    t,
    { 'a.ini': '[sluice]\nhttp = :0\npidfile = $(NOPE)/$(SET)\nset-ph = x=$(UNUSED)\n' },
    { SET: 'pid' },
  )
  const loaded = folder.load('a.ini')
  t.equal(configOf(loaded).values.pidfile, '$(NOPE)/pid')
  t.strictSame(warningsOf(loaded), [
    'a.ini:3: warning: the environment has no NOPE: $(NOPE) in "pidfile" stays as written. Set NOPE, or write the value out.',
  ])
})

t.test('a section that the named file lacks is told of that file', async t => {
  t.strictSame(warningsOf(folderOf(t, { 'a.ini': '[sluice]\nhttp = :0\n' }).load('a.ini:nope')), [
    'a.ini: warning: "a.ini" has no section [nope]. Add the line [nope], or ask for another section by FILE:SECTION.',
  ])
})

t.test('a listener that is written twice is warned about, whatever its kind', async t => {
  for (const line of ['http = :80', 'https = :80,a.pem,a.key', 'http-to-https = :80,443', 'http = x.sock']) {
    const loaded = folderOf(t, { 'a.ini': `[sluice]\n${line}\n${line}\n` }).load('a.ini')
    t.equal(loaded.kind, 'config', line)
    t.match(warningsOf(loaded), [/^a\.ini:3: warning: .* already uses at a\.ini:2\./])
  }
})

t.test('a percent sign at the end of a line stays, and swallows nothing', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\npidfile = 100%\nhttp = :0\r\nset-ph = x=5%\r\n' })
  t.strictSame(pairsOf(folder.load('a.ini')), [
    ['pidfile', '100%'],
    ['http', ':0'],
    ['set-ph', 'x=5%'],
    ['x', '5%'],
  ])
})

t.test('magic variables in comments and in other sections are nobody’s concern', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\n# 50%q\nhttp = :0\n[other]\nx = %q\n' })
  t.strictSame(warningsOf(folder.load('a.ini')), [])
})

t.test('help and version come before anything that is wrong', async t => {
  const folder = folderOf(t, {})
  t.strictSame(folder.load('--http', ':80x', '--help'), { kind: 'command', command: 'help' })
  t.strictSame(folder.load('-h'), { kind: 'command', command: 'help' })
  t.strictSame(folder.load('--version', 'nope.ini'), { kind: 'command', command: 'version' })
})

t.test('env and unenv act in the order they were written', async t => {
  const config = configOf(
    folderOf(t, {}).load('--http=:0', '--unenv=A', '--env=A=1=2', '--env=B=1', '--unenv=B'),
  )
  t.strictSame(environmentOf(config, { A: '0', C: '3' }), { A: '1=2', C: '3' })
})
