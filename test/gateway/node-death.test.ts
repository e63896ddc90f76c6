// test/gateway/node-death.test.ts: a node that dies at each moment of an exchange: its client learns it, never takes a part
// for the whole, and no node sees a request twice that may have had an effect.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawConnection, type RawNode, startRawNode } from '../support/raw-node.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const BODY = 'x'.repeat(2_000)
/** What the client sees: an answer of ours, the node's whole answer, or that it is cut. */
type Sees = number | 'whole' | 'cut'

interface Moment {
  readonly name: string
  readonly text: string
  /** What the node has got before it says anything. */
  readonly gets: string
  readonly says: string
  /** What of that reaches the client before the node dies. */
  readonly arrives: string
  readonly byFin: Sees
  readonly byRst: Sees
}

const GET = request('GET /')
const POST = request('POST /', 'Content-Length: 10')

const MOMENTS: readonly Moment[] = [
  moment('before its answer', GET, { byFin: 502, byRst: 502 }),
  moment('before its answer to a POST', `${POST}0123456789`, { gets: '9', byFin: 502, byRst: 502 }),
  moment('while the body comes', `${POST}01234`, { gets: '4', byFin: 502, byRst: 502 }),
  moment('inside its head', GET, { says: `${OK}Content-Le`, byFin: 502, byRst: 502 }),
  moment('between head and body', GET, {
    says: `${OK}Content-Length: 5\r\n\r\n`,
    arrives: '\r\n\r\n',
    byFin: 'cut',
    byRst: 'cut',
  }),
  moment('inside its body', GET, {
    says: answer(BODY).slice(0, -1),
    arrives: 'xx',
    byFin: 'cut',
    byRst: 'cut',
  }),
  moment('inside its answer to a body that still comes', `${POST}01234`, {
    gets: '4',
    says: answer(BODY).slice(0, -1),
    arrives: 'xx',
    byFin: 'cut',
    byRst: 'cut',
  }),
  // Its end is the end of the connection: only an RST tells that it was not meant.
  moment('inside a body without a length', GET, {
    says: `${OK}\r\n${BODY}`,
    arrives: 'xx',
    byFin: 'whole',
    byRst: 'cut',
  }),
  moment('behind its answer', GET, { says: answer(BODY), arrives: BODY, byFin: 'whole', byRst: 'whole' }),
]

function moment(name: string, text: string, more: Partial<Moment>): Moment {
  return { name, text, gets: '\r\n\r\n', says: '', arrives: '', byFin: 'cut', byRst: 'cut', ...more }
}

for (const proto of ['http', 'uwsgi'] as const) {
  t.test(`${proto} nodes`, async t => {
    const node = await startRawNode(t)
    const gateway = await startGateway(t, [`${proto}://${node.address}`], { keepaliveMs: 1_000 })
    for (const moment of MOMENTS) {
      for (const way of ['finish', 'reset'] as const) {
        t.test(`gone ${moment.name}, by a ${way === 'finish' ? 'FIN' : 'RST'}`, async t => {
          const before = node.connections.length
          const [client, connection] = await reach(t, gateway, node, proto, moment)
          connection[way]()
          await seen(t, client, way === 'finish' ? moment.byFin : moment.byRst)
          t.equal(node.connections.length, before + 1, 'no second try')
          await isServed(t, gateway, node, proto)
        })
      }
    }
  })
}

async function reach(
  t: Test,
  gateway: TestGateway,
  node: RawNode,
  proto: 'http' | 'uwsgi',
  { text, gets, says, arrives }: Moment,
): Promise<[RawConnection, RawConnection]> {
  const client = await connectRaw(t, gateway, text)
  const connection = await node.next()
  if (proto === 'uwsgi') await connection.packet()
  if (proto === 'http' || gets !== '\r\n\r\n') await connection.through(gets)
  if (says !== '') await connection.send(says)
  if (arrives !== '') {
    await client.through('\r\n\r\n')
    if (arrives !== '\r\n\r\n') await client.through(arrives)
  }
  return [client, connection]
}

async function seen(t: Test, client: RawConnection, sees: Sees): Promise<void> {
  if (typeof sees === 'number') t.equal((await readAnswer(client)).status, sees)
  else if (sees === 'cut') {
    await client.end()
    t.notOk(client.hasEnded, 'a reset')
  } else {
    if (/^transfer-encoding: chunked$/im.test(client.received)) await client.through('0\r\n\r\n')
    t.notOk(client.isClosed)
  }
}

async function isServed(
  t: Test,
  gateway: TestGateway,
  node: RawNode,
  proto: 'http' | 'uwsgi',
): Promise<void> {
  const client = await connectRaw(t, gateway, request('GET /next'))
  const connection = await node.next()
  await (proto === 'http' ? connection.head() : connection.packet())
  await connection.send(answer('next', 'Connection: close'))
  t.equal((await readAnswer(client)).body, 'next', 'the next request is served')
  connection.close()
}

t.test('a node process that is killed under many exchanges, and comes back', async t => {
  const first = await startProcess(t, 0)
  const gateway = await startGateway(t, [`http://127.0.0.1:${first.port}`], {
    graceMs: 0,
    keepaliveMs: 1_000,
  })
  const clients = await Promise.all(
    Array.from({ length: 90 }, (_, i) =>
      connectRaw(t, gateway, request(`GET /${PLACES[i % PLACES.length]}`)),
    ),
  )
  const heads = clients.filter((_, i) => PLACES[i % PLACES.length] !== 'silent')
  await Promise.all(heads.map(client => client.through('part')))
  await first.kill()
  for (const [i, client] of clients.entries()) {
    const place = PLACES[i % PLACES.length]!
    if (place === 'silent') t.equal((await readAnswer(client)).status, 502)
    else {
      await client.end()
      t.notOk(client.hasEnded, `${place}: a reset`)
    }
  }
  const refused = await connectRaw(t, gateway, request('GET /whole'))
  t.equal((await readAnswer(refused)).status, 503, 'nobody is there')
  await startProcess(t, first.port)
  await refused.send(request('GET /whole'))
  t.equal((await readAnswer(refused)).body, 'whole', 'served as soon as it is back')
})

const PLACES = ['silent', 'sized', 'chunked']

// A FIN of its kernel is all that a killed process leaves: with bytes unread in its sockets, an RST.
const NODE = `
const ANSWERS = {
  '/sized': 'HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\npart',
  '/chunked': 'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n64\\r\\npart',
  '/whole': 'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nwhole',
}
const server = require('node:net').createServer(socket => {
  socket.on('error', () => {})
  socket.on('data', bytes => {
    const text = ANSWERS[bytes.toString('latin1').split(' ')[1]]
    if (text !== undefined) socket.write(text)
  })
})
server.listen(Number(process.argv[1]), '127.0.0.1', () => console.log(server.address().port))
`

async function startProcess(t: Test, port: number): Promise<{ port: number; kill(): Promise<unknown> }> {
  const child = spawn(process.execPath, ['-e', NODE, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  const kill = (): Promise<unknown> => {
    child.kill('SIGKILL')
    return gone
  }
  t.teardown(kill)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { port: Number(line.toString()), kill }
}
