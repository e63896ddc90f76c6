// test/gateway/http1/large-bodies.test.ts: bodies larger than all buffers on their way arrive whole, however slowly they are read.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { readMemory } from '../../support/memory.ts'
import { until } from '../../support/processes.ts'

const PIECE = randomBytes(1 << 20) // no two parts of it are alike, so that a shifted or doubled part shows
const PIECES = 24

const sha = (pieces: number): string => {
  const hash = createHash('sha256')
  for (let i = 0; i < pieces; i++) hash.update(PIECE)
  return hash.digest('hex')
}
const WHOLE = sha(PIECES)

/** Hashes what follows a head. @param slow pauses after each part until others had their turn */
function hashBody(socket: Socket, slow: boolean, onDone: (hash: string, head: string) => void): void {
  const hash = createHash('sha256')
  let head = ''
  let left = PIECES * PIECE.length
  socket.on('data', (bytes: Buffer) => {
    let body = bytes
    if (!head.includes('\r\n\r\n')) {
      head += bytes.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      body = Buffer.from(head.slice(end + 4), 'latin1')
    }
    hash.update(body)
    left -= body.length
    if (left <= 0) onDone(hash.digest('hex'), head)
    else if (slow) {
      socket.pause()
      setTimeout(() => socket.resume(), 1)
    }
  })
}

/** Sends the body. @param slow waits for room before each piece */
function sendBody(socket: Socket, slow: boolean, sent = 0): void {
  if (sent === PIECES) return
  if (slow) socket.write(PIECE, () => setImmediate(() => sendBody(socket, slow, sent + 1)))
  else for (let i = sent; i < PIECES; i++) socket.write(PIECE)
}

const HEAD = `Content-Length: ${PIECES * PIECE.length}\r\n\r\n`

async function startNode(t: Test, onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

function open(t: Test, gateway: TestGateway): Socket {
  const socket = connect(gateway.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  return socket
}

for (const slow of [false, true]) {
  t.test(`${PIECES} MB down to a ${slow ? 'slow' : 'fast'} reader`, async t => {
    const address = await startNode(t, socket => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\n${HEAD}`)
        sendBody(socket, false)
      })
    })
    const gateway = await startGateway(t, [address])
    const client = open(t, gateway)
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const hash = await new Promise(resolve => hashBody(client, slow, resolve))
    t.equal(hash, WHOLE)
  })

  t.test(`${PIECES} MB up from a ${slow ? 'slow writer' : 'fast writer to a slow reader'}`, async t => {
    const { promise: got, resolve } = Promise.withResolvers<string>()
    const address = await startNode(t, socket => {
      hashBody(socket, !slow, hash => {
        resolve(hash)
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      })
    })
    const gateway = await startGateway(t, [address])
    const client = open(t, gateway)
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${HEAD}`)
    sendBody(client, slow)
    t.equal(await got, WHOLE)
    const [answered] = (await once(client, 'data')) as [Buffer]
    t.match(answered.toString(), /^HTTP\/1\.1 200 /)
  })
}

t.test('a client that never reads costs little memory, whatever its node sends', async t => {
  let sent = 0
  const part = PIECE.subarray(0, 65_536)
  const address = await startNode(t, socket => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n')
      const more = (): void => {
        socket.write(part, error => {
          if (error) return
          sent += part.length
          more()
        })
      }
      more()
    })
  })
  const gateway = await startGateway(t, [address])
  const clients = Array.from({ length: 10 }, () => open(t, gateway))
  for (const client of clients) {
    client.pause()
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  }
  const before = readMemory(gateway.process.pid!)
  let last = -1
  let still = 0
  await until('no node can send any more', () => {
    still = sent === last && sent > 0 ? still + 1 : 0
    last = sent
    return still === 20
  })
  const grown = readMemory(gateway.process.pid!) - before
  t.ok(
    grown < 30_000_000,
    `it grew by ${Math.round(grown / 1e6)} MB while nodes sent ${Math.round(sent / 1e6)} MB`,
  )
})
