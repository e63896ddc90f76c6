// test/gateway/http1/long-answers.test.ts: many long answers at once, whose read buffers change hands, arrive unmixed.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { startGateway } from '../../support/gateway.ts'

const RANDOM = randomBytes(8 << 20)
const CLIENTS = 80 // more than there are large buffers
const ANSWERS = 3

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** "/FROM/LENGTH" is answered with that part of RANDOM. */
function partOf(path: string): Buffer {
  const [from, length] = path.slice(1).split('/').map(Number) as [number, number]
  return RANDOM.subarray(from, from + length)
}

async function startNode(t: Test): Promise<string> {
  const server = createServer((request, response) => response.end(partOf(request.url!)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Reads an answer in pieces; others have their turn between them. */
async function read(response: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of response) {
    hash.update(piece as Buffer)
    await new Promise(resolve => setImmediate(resolve))
  }
  return hash.digest('hex')
}

t.test('long and short answers in turns, on connections that are kept', async t => {
  const gateway = await startGateway(t, [await startNode(t)])
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  t.teardown(() => agent.destroy())
  const client = async (number: number): Promise<boolean> => {
    for (let i = 0; i < ANSWERS; i++) {
      const length = (number + i) % 3 === 0 ? 70_000 : 1_500_000 + number
      const path = `/${number * 1_000 + i}/${length}`
      const [response] = (await once(
        get({ port: gateway.port, host: '127.0.0.1', path, agent }),
        'response',
      )) as [IncomingMessage]
      if ((await read(response)) !== sha(partOf(path))) return false
    }
    return true
  }
  const outcomes = await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))
  t.equal(outcomes.filter(whole => whole).length, CLIENTS)
})

t.test('what waits for a slow client is not read over by the answers of others', async t => {
  const gateway = await startGateway(t, [await startNode(t)])
  // Of some the last piece is what waits: the node's connection is free for others then, with its bytes still to leave.
  const slow = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const path = `/${i}/${900_000 + i * 180_000}`
      const agent = new Agent({ keepAlive: true })
      t.teardown(() => agent.destroy())
      const [response] = (await once(
        get({ port: gateway.port, host: '127.0.0.1', path, agent }),
        'response',
      )) as [IncomingMessage]
      return { path, response } // nobody reads on
    }),
  )
  for (let i = 0; i < 60; i++) {
    const [response] = (await once(
      get({ port: gateway.port, host: '127.0.0.1', path: `/${100_000 + i}/1500000`, agent: false }),
      'response',
    )) as [IncomingMessage]
    await read(response)
  }
  for (const { path, response } of slow) t.equal(await read(response), sha(partOf(path)), path)
})

t.test('clients that leave in the middle take no answer of others with them', async t => {
  const gateway = await startGateway(t, [await startNode(t)])
  const path = `/7/${2 << 20}`
  const ask = async () =>
    (await once(get({ port: gateway.port, host: '127.0.0.1', path, agent: false }), 'response')) as [
      IncomingMessage,
    ]
  for (let round = 0; round < 4; round++) {
    const leaving = await Promise.all(Array.from({ length: 40 }, ask))
    const staying = await Promise.all(Array.from({ length: 10 }, ask))
    for (const [response] of leaving) response.destroy()
    const got = await Promise.all(staying.map(([response]) => read(response)))
    t.strictSame(new Set(got), new Set([sha(partOf(path))]))
  }
})
