// test/gateway/churn.test.ts: connections of every kind come and go by the thousand, with every kind of end: no
// descriptor, no count and no memory of them stays. `CHURN=200000 node test/gateway/churn.test.ts` takes a minute or two.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import type { ToMaster } from '../../base/messages.ts'
import type { ListenerPicture, Picture } from '../../base/picture.ts'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { readMemory } from '../support/memory.ts'
import { until } from '../support/processes.ts'
import { connectRaw, readAnswer, request } from '../support/raw-client.ts'

const ALL = Number(process.env.CHURN ?? 3_000)
const AT_ONCE = 50
/** Each counts for itself in max-connections-per-ip. */
const ADDRESSES = 200
/** Of so many connections more the memory must not show a trace. V8 keeps some of what it took once. */
const MOST_GROWTH_BYTES = 48 * 1024 * 1024

const REQUEST = request('GET /')
const OPEN: Partial<Picture> = {
  maxConnections: 1_000,
  maxConnectionsPerIp: 1_000,
  keepaliveMs: 1_000,
  minRate: 100,
  proxyProtocol: false,
}
const PROXIED = { ...OPEN, proxyProtocol: true }
const FEW = { ...OPEN, maxConnections: AT_ONCE / 2 }
const HEADER = 'PROXY TCP4 192.0.2.7 198.51.100.1 40001 443\r\n'
const HELLO = Buffer.from('16030100700100006c0303', 'hex')

interface Kind {
  readonly name: string
  readonly picture: Partial<Picture>
  readonly usesTls?: boolean
  /** @param i the how manieth it is */
  readonly run: (port: number, i: number) => Promise<void>
}

const KINDS: readonly Kind[] = [
  { name: 'served, closed by the client', picture: OPEN, run: (port, i) => talk(port, i, REQUEST, 'FIN') },
  { name: 'served, reset by the client', picture: OPEN, run: (port, i) => talk(port, i, REQUEST, 'RST') },
  {
    name: 'served, closed by the gateway',
    picture: OPEN,
    run: (port, i) => talk(port, i, request('GET /', 'Connection: close'), 'nothing'),
  },
  { name: 'closed without a word', picture: OPEN, run: (port, i) => vanish(port, i, '', i % 2 === 0) },
  { name: 'gone inside a head', picture: OPEN, run: (port, i) => vanish(port, i, 'GET / HT', i % 2 === 0) },
  { name: 'refused, too many', picture: { ...OPEN, maxConnections: 1 }, run: refused },
  { name: 'refused, too many of one', picture: { ...OPEN, maxConnectionsPerIp: 1 }, run: refused },
  { name: 'evicted while idle', picture: FEW, run: stay },
  { name: 'no PROXY header', picture: PROXIED, run: (port, i) => talk(port, i, REQUEST, 'nothing') },
  {
    name: 'half a PROXY header',
    picture: PROXIED,
    run: (port, i) => vanish(port, i, 'PROXY TC', i % 2 === 0),
  },
  {
    name: 'served behind a proxy',
    picture: PROXIED,
    run: (port, i) => talk(port, i, HEADER + REQUEST, 'FIN'),
  },
  {
    name: 'refused behind a proxy',
    picture: { ...PROXIED, maxConnectionsPerIp: 1 },
    run: (port, i) => talk(port, i, HEADER + REQUEST, i % 2 === 0 ? 'FIN' : 'nothing'),
  },
  {
    name: 'a TLS handshake cut short',
    picture: OPEN,
    usesTls: true,
    run: (port, i) => vanish(port, i, HELLO, i % 2 === 0),
  },
  { name: 'no TLS', picture: OPEN, usesTls: true, run: (port, i) => talk(port, i, REQUEST, 'nothing') },
  {
    name: 'TLS',
    picture: OPEN,
    usesTls: true,
    run: (port, i) => (i % 4 === 0 ? secure(port, i) : vanish(port, i, '', true)),
  },
  {
    name: 'TLS that is refused',
    picture: { ...OPEN, maxConnections: 1 },
    usesTls: true,
    run: (port, i) => vanish(port, i, HELLO, i % 2 === 0),
  },
]

t.setTimeout(30_000 + ALL * 10)

t.test('nothing stays of connections that are gone', async t => {
  const gateway = await startGateway(t, [], KINDS[0]!.picture)
  let open = -1
  let refusals = 0
  gateway.process.on('message', (message: ToMaster) => {
    if (message.kind !== 'counters') return
    open = message.counters.connections
    refusals += message.counters.refused
  })
  const tls = { ...(await makeSelfSigned()), ciphers: '', clientCa: '', clientCertRequired: false }
  const each = Math.ceil(ALL / 2 / KINDS.length)
  const round = async (count: number): Promise<void> => {
    for (const kind of KINDS) {
      const listener: Partial<ListenerPicture> = { tls: kind.usesTls ? tls : null }
      await gateway.apply(kind.picture)
      await gateway.applyToListener(listener)
      await runAll(count, i => kind.run(gateway.port, i))
      t.pass(kind.name)
    }
    await gateway.apply(OPEN)
    await gateway.applyToListener({ tls: null })
    await until('it knows of none', () => open === 0)
  }
  const descriptors = descriptorsOf(gateway)
  await round(each) // until then code and pools grow
  const memory = readMemory(gateway.process.pid!)
  await round(each)
  await until('every descriptor is free', () => descriptorsOf(gateway) <= descriptors)
  t.ok(refusals > each, `${refusals} were refused`)
  const growth = readMemory(gateway.process.pid!) - memory
  t.ok(
    growth < MOST_GROWTH_BYTES,
    `memory: ${Math.round(memory / 1e6)} MB, then ${Math.round(growth / 1e6)} MB more`,
  )
  await gateway.apply({ maxConnections: 1, maxConnectionsPerIp: 1 })
  const last = await connectRaw(t, gateway, REQUEST)
  t.equal((await readAnswer(last)).status, 200, 'no address, and no place, counts as taken')
  t.equal((await readAnswer(await connectRaw(t, gateway))).status, 429, 'and the limits hold')
  t.same(
    gateway.events.filter(({ level }) => level === 'error'),
    [],
  )
})

async function runAll(count: number, run: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function open(port: number, i: number): Promise<Socket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    localAddress: `127.0.0.${1 + (i % ADDRESSES)}`,
    allowHalfOpen: true,
  })
  socket.on('error', () => {}) // a reset is one of the ends
  socket.resume()
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  return socket
}

/** Sends, and ends in its way once the first bytes came: 'nothing' leaves that to the gateway. */
async function talk(
  port: number,
  i: number,
  text: string | Buffer,
  end: 'FIN' | 'RST' | 'nothing',
): Promise<void> {
  const socket = await open(port, i)
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.write(text)
  if (end !== 'nothing') {
    await Promise.race([new Promise(resolve => socket.once('data', resolve)), closed])
    if (end === 'FIN') socket.end()
    else socket.resetAndDestroy()
  }
  socket.once('end', () => socket.end())
  await closed
}

async function vanish(port: number, i: number, text: string | Buffer, byReset: boolean): Promise<void> {
  const socket = await open(port, i)
  if (text.length > 0) socket.write(text)
  if (byReset) socket.resetAndDestroy()
  else socket.destroy()
}

/** Of so many at once some are. */
async function refused(port: number, i: number): Promise<void> {
  const own = i - (i % 2) // two of each address
  await talk(port, own, REQUEST, i % 3 === 0 ? 'RST' : 'FIN')
}

/** Is served, and stays until others take its place. */
async function stay(port: number, i: number): Promise<void> {
  const socket = await open(port, i)
  socket.write(REQUEST)
  socket.once('end', () => socket.end())
  await Promise.race([
    new Promise(resolve => socket.once('data', resolve)),
    new Promise(resolve => socket.once('close', resolve)),
  ])
}

async function secure(port: number, i: number): Promise<void> {
  const socket = connectTls({ socket: await open(port, i), rejectUnauthorized: false } as never)
  socket.on('error', () => {})
  await Promise.race([once(socket, 'secureConnect'), new Promise(resolve => socket.once('close', resolve))])
  if (i % 8 === 0) return void socket.destroy()
  socket.write(REQUEST)
  await new Promise(resolve => socket.once('data', resolve))
  socket.destroy()
}

function descriptorsOf({ process }: TestGateway): number {
  return readdirSync(`/proc/${process.pid}/fd`).length
}
