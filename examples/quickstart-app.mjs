// examples/quickstart-app.mjs: the application of quickstart.ini: a page, an echo and a stream, on node:http alone.
// It listens on $PORT, which Sluice gives to the commands of attach-daemon.
import { createServer } from 'node:http'

const port = Number(process.env.PORT ?? 8081)

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/') sendPage(request, response)
  else if (pathname === '/echo') echo(request, response)
  else if (pathname === '/stream') stream(response)
  else response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such page here.\n')
})

// Kept connections of Sluice are closed by Sluice, never under a request that is on its way.
server.keepAliveTimeout = 0
server.listen(port, '127.0.0.1')
process.on('SIGTERM', () => process.exit())

function sendPage(request, response) {
  const scheme = request.headers['x-forwarded-proto'] ?? 'http'
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  response.end(`<!doctype html>
<html lang="en">
<title>Hello from behind Sluice</title>
<h1>Hello from behind Sluice</h1>
<p>This page came by ${scheme === 'https' ? 'HTTPS' : 'HTTP'} from a Node application, process ${process.pid}.</p>
<ul>
  <li><a href="/echo">/echo</a>: what the application sees of your request</li>
  <li><a href="/stream">/stream</a>: an answer that comes in pieces, one each half second</li>
</ul>
`)
}

function echo(request, response) {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
  response.write(`${request.method} ${request.url} HTTP/${request.httpVersion}\n`)
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    response.write(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}\n`)
  }
  response.write('\n')
  request.pipe(response)
}

function stream(response) {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
  let count = 0
  const timer = setInterval(() => {
    count++
    response.write(`piece ${count} of 10\n`)
    if (count === 10) response.end()
  }, 500)
  response.on('close', () => clearInterval(timer))
}
