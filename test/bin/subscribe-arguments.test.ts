// test/bin/subscribe-arguments.test.ts: what `sluice subscribe` is asked for, and what it says to what it cannot do.
import t from 'tap'
import { readWanted, SubscribeProblem } from '../../bin/subscribe-arguments.ts'

for (const [args, said] of [
  ['', '--address is missing. Name where it listens: --address http://10.0.0.7:3000.'],
  ['--address :1', '--to is missing. Name the router: --to 10.0.0.1:4040.'],
  ['--address :1 --to h:1', '--key is missing. Name what is served: --key shop.example.'],
  [
    '--address :1 --to h --key k',
    '--to: the router "h" has no port. Write HOST:PORT, such as 10.0.0.1:4040.',
  ],
  ['--address :1 --to /run/x --key k', /--to: .*Node has no UNIX datagram sockets/],
  ['--address :1 --to h:99999 --key k', /"h:99999" is not HOST:PORT/],
  [
    '--address :1 --to h:1 --key http://shop.example/',
    /is a URL. Write only the host, and a path if need be: shop.example\./,
  ],
  ['--address 0.0.0.0:80 --to h:1 --key k', /every address of this machine.*Write :80, and Sluice takes/],
  ['--address ftp://h:1 --to h:1 --key k', /"ftp" is not a protocol of nodes/],
  ['--address app.sock --to h:1 --key k', /has no port/],
  ['--address :1 --to h:1 --key k --weight 0', /--weight: "0" is not a whole number from 1 to 65535/],
  [
    '--address :1 --to h:1 --key k --check ping',
    /--check: "ping" is no check. Write tcp, http:\/path or none/,
  ],
  ['--address :1 --to h:1 --key k --check http:/x', /asks by http, but the address speaks uwsgi/],
  ['--address http://:1 --to h:1 --key k --check https:/x', /asks by https, but the address speaks http\./],
  ['--address :1 --to h:1 --key k --sign SHA256', /does not name a digest and a place/],
  ['--address :1 --to h:1 --key k --sign MD5:/x', /"MD5" is not a digest to sign with/],
  ['--address :1 --to h:1 --key k --sign SHA256:/no/such', /\/no\/such cannot be read: ENOENT/],
  ['--address :1 --to h:1 --key k --drain long', /--drain: "long" is not a number of seconds/],
  ['--address :1 --to h:1 --key k --', /no command follows "--"/],
  ['--address :1 --to h:1 --key k node app.js', /Unexpected argument 'node'.*a command goes behind "--"/],
  [
    '--address :1 --to h:1 --key *.shop.example',
    /is no host\. Write \.shop\.example for every name below it\.$/,
  ],
  [
    '--address :1 --to h:1 --key k --address :2',
    /--address is given twice\. Run a "sluice subscribe" for each/,
  ],
  ['--address :1 --to h:1 --key k --weight 1 --weight 2', /--weight is given twice\. Take all but one/],
  ['--colour red', /Unknown option '--colour'/],
] as const) {
  t.test(`refused: subscribe ${args}`, async t => {
    try {
      readWanted(args === '' ? [] : args.split(' '))
      t.fail('it was taken')
    } catch (error) {
      if (!(error instanceof SubscribeProblem)) throw error
      t.match(error.message, said)
      t.match(error.message, /^[^\n]+\.$/, 'one line')
    }
  })
}

t.test('a protocol that routers do not take is warned about', async t => {
  const warnings = (address: string) =>
    readWanted(['--to', '127.0.0.1:4040', '--key', 'a', '--address', address])!.warnings
  t.match(warnings('https://127.0.0.1:1'), [/does not take https nodes yet.*uWSGI speaks http/])
  t.match(warnings('scgi://127.0.0.1:1'), [/does not take scgi nodes yet.*uWSGI speaks uwsgi/])
  t.same(warnings('http://127.0.0.1:1'), [])
  t.same(warnings('127.0.0.1:1'), [])
})

const PLAIN = ['--to', '10.0.0.1:4040', '--key', 'a.example']

for (const [address, announced, proto, place] of [
  ['127.0.0.1:3031', '127.0.0.1:3031', null, { host: '127.0.0.1', port: 3031 }],
  ['uwsgi://127.0.0.1:3031', '127.0.0.1:3031', 'uwsgi', { host: '127.0.0.1', port: 3031 }],
  ['http://[::1]:3000', '[::1]:3000', 'http', { host: '::1', port: 3000 }],
  ['HTTPS://app.lan:443', 'app.lan:443', 'https', { host: 'app.lan', port: 443 }],
  ['fastcgi://:9000', ':9000', 'fastcgi', { host: '127.0.0.1', port: 9000 }],
  ['scgi:///run/app.sock', '/run/app.sock', 'scgi', { path: '/run/app.sock' }],
  ['@app', '@app', null, { path: '\0app' }],
] as const) {
  t.test(`--address ${address}`, async t => {
    const wanted = readWanted([...PLAIN, '--address', address])
    t.match(wanted, { targets: [{ address: announced, proto }], place })
  })
}

t.test('each key is announced to each router', async t => {
  const wanted = readWanted([...PLAIN, '--to', '[::1]:4040', '--key', '.b.example', '--address', ':1'])
  t.same(
    wanted?.targets.map(({ to, key }) => `${to.host} ${key}`),
    ['10.0.0.1 a.example', '10.0.0.1 .b.example', '::1 a.example', '::1 .b.example'],
  )
})

t.test('what is not said has its default, which depends on whether there is a command', async t => {
  const common = {
    check: { kind: 'tcp' },
    everyMs: 10_000,
    intervalMs: 1_000,
    fall: 3,
    mercyMs: 10_000,
    ttl: 1,
  }
  t.match(readWanted([...PLAIN, '--address', ':1']), { ...common, drainMs: 0, command: [] })
  const words = ['run', '--key', 'its own']
  t.match(readWanted([...PLAIN, '--address', ':1', '--', ...words]), {
    ...common,
    drainMs: 20_000,
    command: words,
  })
})

t.test('a check by http asks for the host of the first key', async t => {
  const wanted = readWanted([...PLAIN, '--address', 'https://:1', '--check', 'http:/health?x=1'])
  t.same(wanted?.check, { kind: 'http', path: '/health?x=1', host: 'a.example', isTls: true })
})
