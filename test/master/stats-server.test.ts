// test/master/stats-server.test.ts: the document reaches whoever reads it, and nobody who does not can hold the master up.
import { once } from 'node:events'
import net from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type StatsPlace, StatsServer } from '../../master/stats-server.ts'
import { heardLog } from '../support/controls.ts'
import { until } from '../support/processes.ts'
import { temporaryDirectory } from '../support/tmp.ts'

const PLACE = { file: 'x.ini', line: 7 }
const RIGHTS = { mode: null, uid: null, gid: null, places: { mode: PLACE, owner: PLACE } }

interface SetUp {
  readonly document?: () => string
  readonly isHttp?: boolean
  readonly limitMs?: number
}

function placeAt(path: string, isHttp = false): StatsPlace {
  const bind = { name: path, place: PLACE, target: { kind: 'unix' as const, path }, inherited: null }
  return { bind, isHttp, rights: RIGHTS }
}

async function begin(t: Test, { document = () => '{"a":1}', isHttp = false, limitMs = 10_000 }: SetUp) {
  const { log, events } = heardLog()
  const path = join(temporaryDirectory(t), 'stats.sock')
  const server = new StatsServer({ document, log, limitMs })
  t.teardown(() => server.close())
  await server.bind(placeAt(path, isHttp))
  await server.begin()
  return { path, server, events }
}

function connect(t: Test, path: string): net.Socket {
  const socket = net.connect(path)
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  return socket
}

async function read(socket: net.Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', piece => {
    text += piece
  })
  await new Promise(done => socket.once('close', done)) // a reset is an end, too
  return text
}

t.test('it tells at once and closes, whatever is sent', async t => {
  const { path } = await begin(t, {})
  t.equal(await read(connect(t, path)), '{"a":1}')
  const chatty = connect(t, path)
  chatty.write('GET / HTTP/1.1\r\n\r\n')
  t.equal(await read(chatty), '{"a":1}')
})

t.test('with stats-http it waits for a request, of any kind', async t => {
  const { path } = await begin(t, { isHttp: true })
  for (const request of ['GET / HTTP/1.1\r\n\r\n', 'x']) {
    const socket = connect(t, path)
    socket.write(request)
    t.equal(
      await read(socket),
      'HTTP/1.0 200 OK\r\nConnection: close\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: application/json\r\n\r\n{"a":1}',
    )
  }
})

t.test('who says nothing where a request is awaited is cut', async t => {
  const { path } = await begin(t, { isHttp: true, limitMs: 50 })
  t.equal(await read(connect(t, path)), '')
})

t.test('those who do not read are cut, and then others are served', async t => {
  const big = `"${'x'.repeat(8 * 2 ** 20)}"`
  const { path } = await begin(t, { document: () => big, limitMs: 1_500 })
  const idle = Array.from({ length: 32 }, () => connect(t, path))
  await Promise.all(idle.map(socket => once(socket, 'connect')))
  t.equal((await read(connect(t, path))).length, 0, 'they have all the places')
  await until('there is room', async () => (await read(connect(t, path))).length === big.length)
})

t.test('many at once: the first 32 are served, and one document is enough for all', async t => {
  let made = 0
  const document = () => `${++made}`
  const { path } = await begin(t, { document, isHttp: true })
  const sockets = Array.from({ length: 40 }, () => connect(t, path))
  const answers = sockets.map(read)
  await until('those beyond are closed', () => sockets.filter(({ closed }) => closed).length === 8)
  for (const socket of sockets) socket.write('x')
  const got = (await Promise.all(answers)).filter(text => text !== '')
  t.equal(got.length, 32)
  t.ok(made < 5)
})

t.test('a document that takes long to make is made seldom', async t => {
  let made = 0
  const document = () => {
    const end = performance.now() + 60
    while (performance.now() < end) made += 0
    return `${++made}`
  }
  const { path } = await begin(t, { document })
  const began = performance.now()
  while (performance.now() - began < 300) await read(connect(t, path))
  t.ok(made <= 1 + (performance.now() - began) / 300, `${made} times`)
})

t.test('a document that cannot be made is logged, and the next reader is served', async t => {
  let fails = true
  const document = () => {
    if (fails) throw new Error('no')
    return 'fine'
  }
  const { path, events } = await begin(t, { document })
  t.equal(await read(connect(t, path)), '')
  t.match(events, [
    { level: 'info', msg: 'http-stats listens', address: path },
    { level: 'error', msg: 'no statistics for http-stats' },
  ])
  fails = false
  t.equal(await read(connect(t, path)), 'fine')
})

t.test('a change that is taken back leaves all as it was', async t => {
  const { path, server } = await begin(t, {})
  const other = `${path}2`
  const change = await server.change(placeAt(other, true))
  t.equal(await read(connect(t, path)), '{"a":1}', 'the old one serves')
  change.undo()
  t.equal(await read(connect(t, path)), '{"a":1}')
  await t.rejects(once(net.connect(other), 'connect'))
  const second = await server.change(placeAt(other))
  second.commit()
  t.equal(await read(connect(t, other)), '{"a":1}')
  await t.rejects(once(net.connect(path), 'connect'))
})
