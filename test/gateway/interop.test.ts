// test/gateway/interop.test.ts: Sluice between others: nginx and http-proxy before it and behind it, undici and curl as
// clients. Bodies arrive whole whichever way they go.
import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import httpProxy from 'http-proxy'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { startGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { freshDirectory } from '../support/sluice.ts'

const BIG = randomBytes(3_000_000)
const BIG_HASH = hash(BIG)

t.test('nginx before, http-proxy behind', async t => {
  const node = await startNode(t)
  const behind = await startHttpProxy(t, node)
  const gateway = await startGateway(t, [behind], { trustedProxies: ['127.0.0.1'] })
  const before = await startNginx(t, gateway.url)
  await exchangeEverything(t, before)
})

t.test('http-proxy before, nginx behind', async t => {
  const node = await startNode(t)
  const behind = await startNginx(t, node)
  const gateway = await startGateway(t, [behind], { trustedProxies: ['127.0.0.1'] })
  const before = await startHttpProxy(t, gateway.url)
  await exchangeEverything(t, before)
})

t.test('undici, pipelining ten requests on one connection, gets each answer to its question', async t => {
  const gateway = await startGateway(t, [await startNode(t)])
  const pool = new Pool(gateway.url, { connections: 1, pipelining: 10 })
  t.teardown(() => pool.destroy())
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const { body } = await pool.request({ path: `/echo?${i}`, method: 'GET' })
      return (await body.text()).split('\n')[0]
    }),
  )
  t.same(
    answers,
    Array.from({ length: 50 }, (_, i) => `GET /echo?${i}`),
  )
})

t.test('curl: chunked upload, 100-continue, HTTP/1.0', async t => {
  const gateway = await startGateway(t, [await startNode(t)])
  const directory = freshDirectory(t, { body: 'x'.repeat(200_000) })
  const file = join(directory, 'body')
  const curl = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('/usr/bin/curl', ['-sS', '--max-time', '5', ...args])).stdout
  const whole = hash(Buffer.alloc(200_000, 'x'))
  t.match(await curl('-T', file, `${gateway.url}/echo`), whole)
  t.match(
    await curl('-H', 'Transfer-Encoding: chunked', '--data-binary', `@${file}`, `${gateway.url}/echo`),
    whole,
  )
  t.match(await curl('-H', 'Expect: 100-continue', '--data-binary', `@${file}`, `${gateway.url}/echo`), whole)
  t.match(await curl('--http1.0', `${gateway.url}/echo`), 'GET /echo')
})

/** Small and large, both ways, many at once, on kept connections. */
async function exchangeEverything(t: Test, url: string): Promise<void> {
  const pool = new Pool(url, { connections: 8 })
  t.teardown(() => pool.destroy())
  const small = await pool.request({ path: '/echo?a=1', method: 'GET' })
  t.match(await small.body.text(), /^GET \/echo\?a=1\n/)
  const up = await pool.request({ path: '/echo', method: 'POST', body: BIG })
  t.match(await up.body.text(), BIG_HASH, 'three megabytes up')
  const chunked = await pool.request({ path: '/echo', method: 'POST', body: Readable.from(pieces()) })
  t.match(await chunked.body.text(), BIG_HASH, 'the same in chunks')
  for (const path of ['/big', '/big-chunked']) {
    const down = await pool.request({ path, method: 'GET' })
    t.equal(hash(Buffer.from(await down.body.arrayBuffer())), BIG_HASH, path)
  }
  const many = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const answer = await pool.request({
        path: `/echo?${i}`,
        method: i % 2 ? 'POST' : 'GET',
        body: i % 2 ? 'b' : null,
      })
      return answer.statusCode === 200 && (await answer.body.text()).includes(`/echo?${i}\n`)
    }),
  )
  t.ok(many.every(Boolean), 'two hundred at once')
}

async function* pieces(): AsyncGenerator<Buffer> {
  for (let i = 0; i < BIG.length; i += 50_000) yield BIG.subarray(i, i + 50_000)
}

async function startNode(t: Test): Promise<string> {
  const server = http.createServer((request, response) => {
    if (request.url === '/big-chunked') response.write(BIG.subarray(0, 1_000_000))
    if (request.url?.startsWith('/big')) {
      response.end(request.url === '/big' ? BIG : BIG.subarray(1_000_000))
      return
    }
    const sum = createHash('sha256')
    request.on('data', piece => sum.update(piece))
    request.on('end', () => response.end(`${request.method} ${request.url}\n${sum.digest('hex')}\n`))
  })
  return listen(t, server)
}

function startHttpProxy(t: Test, target: string): Promise<string> {
  const agent = new http.Agent({ keepAlive: true })
  const proxy = httpProxy.createProxyServer({ target, agent })
  t.teardown(() => agent.destroy())
  return listen(
    t,
    http.createServer((request, response) => proxy.web(request, response)),
  )
}

async function listen(t: Test, server: net.Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    if (server instanceof http.Server) server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`
}

async function startNginx(t: Test, target: string): Promise<string> {
  const path = `${freshDirectory(t)}/nginx`
  const socket = `${path}.sock`
  const config = `user root; daemon off; worker_processes 1; pid ${path}.pid; error_log ${path}.log;
    events {}
    http {
      access_log off; client_max_body_size 0; client_body_temp_path ${path}.body; proxy_temp_path ${path}.proxy;
      fastcgi_temp_path ${path}.f; uwsgi_temp_path ${path}.u; scgi_temp_path ${path}.s;
      upstream next { server ${target.slice('http://'.length)}; keepalive 16; }
      server {
        listen unix:${socket};
        location / {
          proxy_pass http://next; proxy_http_version 1.1; proxy_set_header Connection "";
          proxy_request_buffering off; proxy_set_header X-Forwarded-For 192.0.2.1;
        }
      }
    }`
  const child = spawn('/usr/sbin/nginx', [
    '-c',
    `${freshDirectory(t, { 'nginx.conf': config })}/nginx.conf`,
    '-e',
    `${path}.log`,
  ])
  t.teardown(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
  })
  await until('nginx listens', () => answers(socket))
  return listen(t, relayTo(socket))
}

// nginx has no way to pick a port of its own and tell it: it listens on a UNIX socket, and this before it.
function relayTo(path: string): net.Server {
  return net.createServer(client => {
    const next = net.connect(path)
    client.on('error', () => next.destroy()).pipe(next)
    next.on('error', () => client.destroy()).pipe(client)
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
