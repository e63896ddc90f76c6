// bench/programs/http-proxy-gateway.ts: a gateway of http-proxy: node PORT NODE [CERTIFICATE KEY].
import { Agent, type RequestListener } from 'node:http'
import httpProxy from 'http-proxy'
import { HOSTS } from '../site.ts'
import { listen } from './listen.ts'

const [, , port, node = '', certificate, key] = process.argv

const target = node.startsWith('/')
  ? { host: 'localhost', port: 80, socketPath: node }
  : { host: '127.0.0.1', port: Number(node) }
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
const backends = new Map(
  HOSTS.map(host => [host, httpProxy.createProxyServer({ target, agent, xfwd: true })]),
)
const first = backends.get(HOSTS[0]!)!

const listener: RequestListener = (request, response) => {
  const proxy = backends.get(request.headers.host ?? '') ?? first
  proxy.web(request, response, undefined, () => {
    if (response.headersSent) response.destroy()
    else response.writeHead(502).end()
  })
}
listen(listener, port, certificate, key)
