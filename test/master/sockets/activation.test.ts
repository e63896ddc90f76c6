// test/master/sockets/activation.test.ts: sockets that Sluice is started with: by systemd's own launcher, and as fd://N.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { Inherited } from '../../../master/sockets/activation.ts'
import { socketInode } from '../../../master/sockets/proc-net.ts'
import { childrenOf, gatewayPids, until } from '../../support/processes.ts'
import { freshDirectory, runSluice, type SluiceOptions, startSluice } from '../../support/sluice.ts'

/** An address of this machine that no other test has. */
const HOST = `127.${64 + ((process.pid >> 16) & 63)}.${(process.pid >> 8) & 255}.${process.pid & 255}`
const ONE = 'http-processes = 1\n'

/** systemd's launcher: it listens, and becomes Sluice at the first connection. */
function activated(addresses: readonly string[], names = ''): Pick<SluiceOptions, 'wrapper'> {
  const listen = addresses.flatMap(address => ['-l', address])
  const named = names === '' ? [] : [`--fdname=${names}`]
  return { wrapper: ['systemd-socket-activate', ...listen, ...named, '-E', 'STATE_DIRECTORY'] }
}

/** A program that opens sockets as the Python lines say, and becomes Sluice. */
function passing(lines: string, isActivation = false): Pick<SluiceOptions, 'wrapper'> {
  const launcher = [
    'import os, socket, sys',
    'kept = []', // or they would be closed
    'def put(s, fd):',
    '  kept.append(s)',
    '  os.dup2(s.fileno(), fd) if s.fileno() != fd else os.set_inheritable(fd, True)',
    'def tcp(fd, host, family=socket.AF_INET):',
    '  s = socket.socket(family); s.bind((host, 0)); s.listen(); put(s, fd); return s',
    lines,
    ...(isActivation ? ['os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")'] : []),
    'os.execv(sys.argv[1], sys.argv[1:])',
  ]
  return { wrapper: ['python3', '-c', launcher.join('\n')] }
}

/** One request, made as soon as somebody listens. @returns the status line */
async function firstRequest(where: net.NetConnectOpts): Promise<string> {
  let socket: net.Socket | null = null
  await until('somebody listens', async () => {
    socket = await connected(where)
    return socket !== null
  })
  return ask(socket!)
}

/** Connects once somebody listens, and leaves. */
async function connectedOnce(where: net.NetConnectOpts): Promise<void> {
  await until('somebody listens', async () => {
    const socket = await connected(where)
    socket?.destroy()
    return socket !== null
  })
}

function connected(where: net.NetConnectOpts): Promise<net.Socket | null> {
  return new Promise(resolve => {
    const socket = net.connect(where)
    socket.once('connect', () => resolve(socket)).once('error', () => resolve(null))
  })
}

async function ask(socket: net.Socket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  return Buffer.concat(await socket.toArray())
    .toString()
    .split('\r\n', 1)[0]!
}

async function status(where: net.NetConnectOpts): Promise<string> {
  return ask(net.connect(where))
}

async function refusal(t: Test, options: SluiceOptions): Promise<string> {
  const { code, stderr } = await runSluice(t, options)
  t.equal(code, 1)
  return stderr
}

t.test('the connection that made systemd start Sluice is served', async t => {
  const [started, first] = await Promise.all([
    startSluice(t, { ini: `${ONE}http = fd://3`, ...activated([`${HOST}:8001`]) }),
    firstRequest({ host: HOST, port: 8001 }),
  ])
  t.equal(first, 'HTTP/1.1 200 OK')
  t.equal(started.url, `http://${HOST}:8001/`)
})

t.test('a config works with and without activation: its addresses are found among the sockets', async t => {
  const path = join(freshDirectory(t), 'x.sock')
  const ini = `${ONE}shared-socket = ${HOST}:8002\nhttp = =0\nhttp = ${path}\nattach-daemon = exec sleep 1000`
  const [sluice] = await Promise.all([
    startSluice(t, { ini, ...activated([path, `${HOST}:8002`]) }),
    firstRequest({ path }),
  ])
  const [gateway] = gatewayPids(sluice.pid)
  const [daemon] = childrenOf(sluice.pid, 'sleep')
  const passed = [3, 4].map(fd => socketInode(`/proc/${sluice.pid}/fd/${fd}`))

  t.test('both are served', async t => {
    t.equal(await status({ path }), 'HTTP/1.1 200 OK')
    t.equal(await status({ host: HOST, port: 8002 }), 'HTTP/1.1 200 OK')
  })

  t.test('a gateway has each once, a daemon has none', async t => {
    const inodes = (pid: number) => {
      return readdirSync(`/proc/${pid}/fd`).map(fd => socketInode(`/proc/${pid}/fd/${fd}`))
    }
    for (const inode of passed) {
      t.equal(inodes(gateway!).filter(each => each === inode).length, 1)
      t.notOk(inodes(daemon!).includes(inode))
    }
  })

  t.test('no child takes the sockets for its own', async t => {
    for (const pid of [gateway!, daemon!]) {
      t.notMatch(readFileSync(`/proc/${pid}/environ`, 'latin1'), /LISTEN_/)
    }
  })

  t.test('they are kept by a reload that opens another', async t => {
    writeFileSync(join(sluice.directory, 'sluice.ini'), `[sluice]\n${ini}\nhttp = ${HOST}:8003`)
    sluice.kill('SIGHUP')
    await until(
      'the new address is served',
      async () => (await connected({ host: HOST, port: 8003 })) !== null,
    )
    t.equal(await status({ path }), 'HTTP/1.1 200 OK')
    t.equal(await status({ host: HOST, port: 8002 }), 'HTTP/1.1 200 OK')
  })

  t.test('the socket file of systemd stays when Sluice ends', async t => {
    await sluice.stop()
    t.ok(readdirSync(join(path, '..')).includes('x.sock'))
  })
})

t.test('descriptors that another program passed', async t => {
  const name = `sluice-test-passed-${process.pid}`
  const sluice = await startSluice(t, {
    ini: `${ONE}https = fd://5,self-signed\nshared-socket = fd://4\nhttp = =0\nhttp = fd://3`,
    ...passing(`tcp(5, "127.0.0.1")
tcp(4, "::1", socket.AF_INET6)
s = socket.socket(socket.AF_UNIX); s.bind("\\0${name}"); s.listen(); put(s, 3)`),
  })
  const portOf = (url: RegExp) => Number(new URL(sluice.urls.find(each => url.test(each))!).port)

  t.test('https', async t => {
    const socket = tls.connect({ port: portOf(/^https:/), host: '127.0.0.1', rejectUnauthorized: false })
    t.equal(await ask(socket), 'HTTP/1.1 200 OK')
  })

  t.test('IPv6 as a shared socket', async t => {
    t.equal(await status({ host: '::1', port: portOf(/^http:..\[::1\]:/) }), 'HTTP/1.1 200 OK')
  })

  t.test('an abstract UNIX name', async t => t.equal(await status({ path: `\0${name}` }), 'HTTP/1.1 200 OK'))
})

t.test('sockets that systemd opened and no line uses are refused, with their names', async t => {
  const [text] = await Promise.all([
    refusal(t, {
      ini: `${ONE}http = ${HOST}:8004`,
      ...activated([`${HOST}:8004`, `${HOST}:8005`], 'web:admin'),
    }),
    connectedOnce({ host: HOST, port: 8004 }),
  ])
  t.match(
    text,
    `sluice.ini: descriptor 4 ("admin"), ${HOST}:8005, which systemd opened, is used by no line. ` +
      'Write http = fd://4, or take it out of the .socket unit.',
  )
})

t.test('LISTEN_FDS for another process is ignored', async t => {
  t.same(new Inherited({ LISTEN_PID: '1', LISTEN_FDS: '2' }, process.pid), { activated: [], useless: [] })
  t.equal(new Inherited({ LISTEN_PID: '1', LISTEN_FDS: '2' }, 1).useless.length, 2)
})

t.test('what cannot be listened on is told with what it is', async t => {
  const cases = [
    [5, 'put(open("/etc/hosts"), 5)', 'is the file /etc/hosts'],
    [6, 'put(socket.socket(type=socket.SOCK_DGRAM), 6)', 'is a socket that does not listen'],
    [7, 'u = socket.socket(type=socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0)); put(u, 7)', 'is a UDP socket'],
    [
      8,
      'b = socket.socket(); b.bind(("127.0.0.1", 0)); put(b, 8)',
      'is a socket that does not listen, or one of another network namespace',
    ],
    [
      9,
      'a = tcp(12, "127.0.0.1"); put(socket.create_connection(a.getsockname()), 9)',
      'is a TCP connection, not a listening socket',
    ],
    [10, 'c, d = socket.socketpair(); put(c, 10)', 'is a UNIX socket that does not listen'],
    [40, 'tcp(40, "127.0.0.1")', 'would stay open in every process that Sluice starts'],
    [90, '', 'is not open'],
  ] as const
  const lines = cases.map(([fd]) => `http = fd://${fd}\n`).join('')
  // Taken beforehand, so that nothing is opened on a number that is wanted later.
  const opened = ['[os.dup2(0, n) for n in range(3, 20)]', ...cases.map(([, program]) => program)]
  const text = await refusal(t, { ini: `${ONE}${lines}`, ...passing(opened.join('\n')) })
  for (const [i, [fd, , problem]] of cases.entries()) {
    t.match(text, `sluice.ini:${i + 3}: descriptor ${fd} ${problem}`)
  }

  t.test('what systemd passes', async t => {
    const lines = 's = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); put(s, 3)'
    const text = await refusal(t, { ini: `${ONE}http = 127.0.0.1:0`, ...passing(lines, true) })
    t.match(text, 'sluice.ini: descriptor 3 is a UDP socket, and systemd passed it to Sluice. Take it out')
  })
})
