// test/gateway/read-sizes.test.ts: uploads that come in reads of every size arrive whole. Node puts what TLS decrypts where
// an earlier read of another connection ended: what is freed behind an upload must be its own memory.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { startSluice } from '../support/sluice.ts'

const RANDOM = randomBytes(200_000)
const UPLOADS = 80
const CLIENTS = 8 // of each kind

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** @returns the hash of all that comes */
async function hashOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of stream) hash.update(piece)
  return hash.digest('hex')
}

/** A node that answers with the hash of what it got. */
async function startNode(t: Test): Promise<string> {
  const server = createServer(async (request, response) => response.end(await hashOf(request)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('uploads of many sizes, clear and TLS at once', async t => {
  const node = await startNode(t)
  const sluice = await startSluice(t, {
    ini: `http = 127.0.0.1:0
https = 127.0.0.1:0,self-signed
http-processes = 1
http-to = ${node}
`,
  })
  const [http, https] = [new HttpAgent({ keepAlive: true }), new HttpsAgent({ keepAlive: true })]
  t.teardown(() => [http, https].map(agent => agent.destroy()))
  const upload = async (url: string, number: number): Promise<number> => {
    let whole = 0
    for (let i = 0; i < UPLOADS; i++) {
      const body = RANDOM.subarray(number, number + 1 + (((number * UPLOADS + i) * 7_919) % 90_000))
      const options = { method: 'POST', headers: { 'Content-Length': body.length } }
      const asked = url.startsWith('https')
        ? httpsRequest(url, { ...options, agent: https, rejectUnauthorized: false })
        : httpRequest(url, { ...options, agent: http })
      asked.end(body)
      const [response] = (await once(asked, 'response')) as [IncomingMessage]
      let said = ''
      for await (const text of response.setEncoding('latin1')) said += text
      if (said === sha(body)) whole++
    }
    return whole
  }
  const outcomes = await Promise.all(
    Array.from({ length: 2 * CLIENTS }, (_, number) => upload(sluice.urls[number % 2]!, number)),
  )
  t.strictSame(outcomes, Array(2 * CLIENTS).fill(UPLOADS))
})
