// test/master/stop-in-hand.test.ts: a graceful stop with a hundred slow exchanges in hand.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import http from 'node:http'
import type net from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { childrenOf, gatewayPids, isAlive, until } from '../support/processes.ts'
import { type Sluice, startSluice } from '../support/sluice.ts'

const MANY = 100
const HALF = 50_000

t.test('TERM with 100 slow exchanges in hand: all finish, and nothing of ours is left', async t => {
  const node = await startSlowNode(t)
  const sluice = await startSluice(
    t,
    `http = front.sock\nhttp = 127.0.0.1:0\nhttp-to = ${node.address}\npidfile = a.pid\nvacuum = true\n` +
      'master-fifo = a.fifo\nattach-daemon = exec sleep 1000\n',
  )
  const files = ['front.sock', 'a.pid', 'a.fifo'].map(name => join(sluice.directory, name))
  t.ok(files.every(existsSync), 'the files were there')
  const all = [...gatewayPids(sluice.pid), ...childrenOf(sluice.pid)]
  const answers = Array.from({ length: MANY }, (_, i) => exchange(sluice, i))
  await node.allBegan
  const stopped = sluice.stop('SIGTERM')
  await sluice.logged(/"msg":"stopping"|asked to/)
  // One that comes in the very moment is reset.
  await until('no new connection', async () => (await refusal(sluice)) === 'ECONNREFUSED')
  node.finish()
  t.same(
    (await Promise.all(answers)).filter(length => length !== HALF * 2),
    [],
    'every answer and every upload was whole',
  )
  const { code } = await stopped
  t.equal(code, 0)
  t.same(all.filter(isAlive), [], 'no process is left')
  t.same(files.filter(existsSync), [], 'no file is left')
})

/** Sends half of an answer to a GET, reads half of a PUT; the rest of both when told to finish. */
async function startSlowNode(t: Parameters<typeof startSluice>[0]) {
  const finish = Promise.withResolvers<void>()
  const allBegan = Promise.withResolvers<void>()
  let began = 0
  const server = http.createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'Content-Length': HALF * 2 })
      response.write(Buffer.alloc(HALF))
      if (++began === MANY) allBegan.resolve()
      await finish.promise
      response.end(Buffer.alloc(HALF))
      return
    }
    let length = 0
    request.on('data', (bytes: Buffer) => {
      if (length < HALF && length + bytes.length >= HALF && ++began === MANY) allBegan.resolve()
      length += bytes.length
    })
    await once(request, 'end')
    response.end(String(length))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`
  return {
    address,
    allBegan: allBegan.promise,
    finish: () => {
      finish.resolve()
      for (const upload of uploads.splice(0)) upload.end(Buffer.alloc(HALF))
    },
  }
}

const uploads: http.ClientRequest[] = []

/** Downloads and uploads in turns. @returns bytes that arrived, at us or at the node */
async function exchange(sluice: Sluice, i: number): Promise<number> {
  const isUpload = i % 2 === 1
  const { hostname, port } = new URL(sluice.urls[1]!)
  const request = http.request({ host: hostname, port, agent: false, method: isUpload ? 'PUT' : 'GET' })
  if (isUpload) {
    request.setHeader('Content-Length', HALF * 2)
    request.write(Buffer.alloc(HALF))
    uploads.push(request)
  } else request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  const body = Buffer.concat(pieces)
  return isUpload ? Number(body) : body.length
}

async function refusal(sluice: Sluice): Promise<string> {
  const request = http.get(sluice.urls[1]!, { agent: false })
  const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException]
  return error.code ?? ''
}
