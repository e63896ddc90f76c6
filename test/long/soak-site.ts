// test/long/soak-site.ts: what is soaked: one gateway under a master, with nodes of every kind; and an nginx beside it that
// tells how fast the machine is at the moment.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type NodeAddress, startNode } from '../../bench/node.ts'
import { nginx } from '../../bench/peers/nginx.ts'
import { freePort, sandbox, start, tree } from '../../bench/processes.ts'
import type { Row } from '../../bench/row.ts'
import { GATEWAY_CPU, LOAD_CPU } from '../../bench/settings.ts'
import { type Certificate, makeCertificate } from '../../bench/site.ts'
import type { Test } from '../support/tmp.ts'
import { startUwsgi } from '../support/uwsgi.ts'
import { httpPorts } from './reload-nodes.ts'

export interface Site {
  readonly directory: string
  readonly http: number
  readonly https: number
  /** Of the nginx, which has the http node behind it. */
  readonly reference: number
  readonly master: number
  readonly gateway: number
  /** Of the nginx. */
  readonly referencePid: number
  readonly controlSocket: string
  /** The gateway writes its memory here at SIGUSR2. */
  readonly memoryFile: string
}

// Every node answers every path: requests go to them in turns. What uWSGI cannot hold for long, such as an event stream,
// it refuses; the client asks again.
const APP = `
import hashlib

BODIES = {"/files/10k": b"x" * 10240, "/files/100k": b"x" * 102400, "/files/1m": b"x" * 1048576}
BLOCK = bytes(((i * 31 + (i >> 8)) & 255) for i in range(65536))

def application(environ, start_response):
    path = environ["PATH_INFO"]
    act = path.rsplit("/", 1)[-1]
    digest = hashlib.sha1()
    for block in iter(lambda: environ["wsgi.input"].read(65536), b""):
        digest.update(block)
    status = "200 OK"
    if act in ("tunnel", "events"):
        status, body = "403 Forbidden", b""
    elif act in ("down", "flood"):
        body = BLOCK * 16
    elif act == "up":
        body = digest.hexdigest().encode()
    elif act == "small":
        body = environ["HTTP_X_ID"].encode()
    else:
        body = BODIES.get(path, b"x" * 100)
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`

// Asked from the outside, as no option shows it: what V8 holds, and what of that is left after a collection.
const TELL_MEMORY = (file: string): string => `
import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
process.on('SIGUSR2', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const found = process.memoryUsage()
  collect()
  collect()
  writeFileSync(${JSON.stringify(`${file}.new`)}, JSON.stringify({ found, left: process.memoryUsage() }))
  renameSync(${JSON.stringify(`${file}.new`)}, ${JSON.stringify(file)})
})
`

/** @param command a compiled `sluice` that is ours alone: its gateway learns to tell its memory */
export async function startSite(t: Test, command: string): Promise<Site> {
  const directory = sandbox()
  const memoryFile = join(directory, 'memory.json')
  appendFileSync(join(command, '../../gateway/main.js'), TELL_MEMORY(memoryFile))
  const [live] = await httpPorts(t, 1)
  const { node } = await startNode({ node: 'http' }, directory, LOAD_CPU, passOn(live!))
  const uwsgi = await startUwsgi(t, {
    app: APP,
    listen: 'unix',
    args: ['--processes=2', '--master', '--listen=1024', '--disable-logging', '--need-app'],
  })
  const certificate = makeCertificate(directory)
  const [http, https] = [await freePort(), await freePort()]
  const place = join(directory, 'sluice')
  mkdirSync(place)
  const ini = join(place, 'sluice.ini')
  const controlSocket = join(place, 'control.sock')
  writeFileSync(ini, config(http, https, certificate, node, uwsgi.address, controlSocket))
  const { pid } = await start('sluice', [process.execPath, command, ini], GATEWAY_CPU, http, place)
  const [master, gateway] = tree(pid)
  return {
    directory,
    http,
    https,
    master: master!,
    gateway: gateway!,
    controlSocket,
    memoryFile,
    ...(await startReference(directory, node, certificate)),
  }
}

/** The load of the reference. */
export const REFERENCE_ROW: Row = {
  name: 'nginx',
  about: 'an nginx, whose pace is the machine’s',
  client: 'http',
  node: 'http',
  over: 'tcp',
  load: { kind: 'requests', path: '/', headers: [], bodyBytes: 0 },
  comparedWith: 'nginx',
}

async function startReference(directory: string, node: NodeAddress, certificate: Certificate) {
  const place = join(directory, 'nginx')
  mkdirSync(place)
  const port = await freePort()
  const job = {
    row: REFERENCE_ROW,
    port,
    node,
    certificate,
    spare: { tcp: 0, udp: 0 },
    directory: place,
    sluice: null,
  }
  const { pid } = await start('nginx', nginx.prepare(job), GATEWAY_CPU, port, place)
  return { reference: port, referencePid: pid }
}

// What an nginx cannot answer by itself. The paths are those of the clients of test/long/reload-clients.ts.
function passOn(port: number): string {
  return `location ~ ^/(http|uwsgi)/ {
          proxy_pass http://127.0.0.1:${port};
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $http_connection;
          proxy_buffering off;
          proxy_request_buffering off;
          proxy_read_timeout 600s;
        }`
}

function config(
  http: number,
  https: number,
  { certificate, key }: Certificate,
  node: NodeAddress,
  uwsgi: string,
  controlSocket: string,
): string {
  return `[sluice]
http = 127.0.0.1:${http}
https = 127.0.0.1:${https},${certificate},${key}
http-to = http://127.0.0.1:${node.port}
http-to = http://${node.path}
http-to = ${uwsgi}
http-processes = 1
control-socket = ${controlSocket}
disable-logging = true
http-timeout = 60
http-connect-timeout = 5
http-headers-timeout = 60
http-keepalive = 75
http-max-idle = 64
max-connections = 8000
max-connections-per-ip = 8000
min-rate = 500
limit-post = 10m
`
}
