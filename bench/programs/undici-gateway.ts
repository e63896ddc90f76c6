// bench/programs/undici-gateway.ts: a gateway of node:http in front and undici behind: node PORT NODE [CERTIFICATE KEY].
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import { HOSTS } from '../site.ts'
import { listen } from './listen.ts'

/** Fields that concern one connection only. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
]

const [, , port, node = '', certificate, key] = process.argv

const [origin, socketPath] = node.startsWith('/')
  ? ['http://localhost', node]
  : [`http://127.0.0.1:${node}`, undefined]
const backends = new Map(
  HOSTS.map(host => [host, new Pool(origin, { connections: 256, ...(socketPath && { socketPath }) })]),
)
const first = backends.get(HOSTS[0]!)!

const listener: RequestListener = (request, response) => {
  const pool = backends.get(request.headers.host ?? '') ?? first
  pool.stream<ServerResponse>({ ...forwarded(request), opaque: response }, answered).catch(() => {
    if (response.headersSent) response.destroy()
    else response.writeHead(502).end()
  })
}
listen(listener, port, certificate, key)

function forwarded(request: IncomingMessage): Dispatcher.RequestOptions<ServerResponse> {
  const headers = { ...request.headers }
  for (const name of HOP_BY_HOP) delete headers[name]
  headers['x-forwarded-for'] = request.socket.remoteAddress
  const hasBody =
    request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  return {
    path: request.url!,
    method: request.method as Dispatcher.HttpMethod,
    headers,
    body: hasBody ? request : null,
  }
}

function answered({ statusCode, headers, opaque: response }: Dispatcher.StreamFactoryData<ServerResponse>) {
  for (const name of HOP_BY_HOP) delete headers[name]
  return response.writeHead(statusCode, headers)
}
