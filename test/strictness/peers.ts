// test/strictness/peers.ts: nginx, HAProxy and Caddy as reverse proxies, configured as their makers' guides show it, with
// several listeners, each before a node of its own, so that cases can run side by side.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { accepts, freePort } from '../../bench/processes.ts'
import { until } from '../support/processes.ts'
import { type Test, temporaryDirectory } from '../support/tmp.ts'

export type PeerName = 'nginx' | 'HAProxy' | 'Caddy'
export const PEERS: readonly PeerName[] = ['nginx', 'HAProxy', 'Caddy']

interface Lane {
  readonly port: number
  readonly node: string
}

interface Peer {
  readonly file: string
  readonly command: (path: string, directory: string) => readonly string[]
  readonly version: readonly string[]
  readonly config: (lanes: readonly Lane[]) => string
}

const PLACES: Readonly<Record<PeerName, Peer>> = {
  nginx: {
    file: 'nginx.conf',
    command: (path, directory) => ['/usr/sbin/nginx', '-e', 'stderr', '-p', directory, '-c', path],
    version: ['/usr/sbin/nginx', '-v'],
    config: lanes => `user root;
daemon off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
${lanes
  .map(
    ({ port, node }, i) => `  upstream node${i} { server ${node}; keepalive 8; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://node${i}; } }`,
  )
  .join('\n')}
}
`,
  },
  HAProxy: {
    file: 'haproxy.cfg',
    command: path => ['/usr/sbin/haproxy', '-db', '-f', path],
    version: ['/usr/sbin/haproxy', '-v'],
    config: lanes => `defaults
  mode http
  option forwardfor
  timeout client 30s
  timeout server 30s
  timeout connect 5s
${lanes
  .map(
    ({ port, node }, i) => `listen lane${i}
  bind 127.0.0.1:${port}
  server node ${node}`,
  )
  .join('\n')}
`,
  },
  Caddy: {
    file: 'Caddyfile',
    command: path => ['/usr/bin/caddy', 'run', '--config', path, '--adapter', 'caddyfile'],
    version: ['/usr/bin/caddy', 'version'],
    config: lanes => `{
  admin off
  auto_https off
}
${lanes
  .map(
    ({ port, node }) => `http://:${port} {
  bind 127.0.0.1
  reverse_proxy ${node}
}`,
  )
  .join('\n')}
`,
  },
}

/** Starts a peer before these nodes; it ends with the test. @returns a port for each node */
export async function startPeer(t: Test, name: PeerName, nodes: readonly string[]): Promise<number[]> {
  const peer = PLACES[name]
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'logs'))
  const ports: number[] = []
  while (ports.length < nodes.length) ports.push(await freePort())
  const lanes = ports.map((port, i): Lane => ({ port, node: nodes[i]! }))
  const path = join(directory, peer.file)
  writeFileSync(path, peer.config(lanes))
  const [program = '', ...words] = peer.command(path, directory)
  const log = join(directory, 'log')
  const output = openSync(log, 'w')
  const env = { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory }
  const child = spawn(program, words, { cwd: directory, env, stdio: ['ignore', output, output] })
  closeSync(output)
  t.teardown(() => end(child))
  await until(`${name} serves`, async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended:\n${readFileSync(log, 'utf8')}`)
    return accepts(lanes.at(-1)!.port)
  })
  return lanes.map(({ port }) => port)
}

/** "1.22.1"; null when it is not installed. */
export async function versionOf(name: PeerName): Promise<string | null> {
  const [program = '', ...words] = PLACES[name].version
  try {
    const { stdout, stderr } = await promisify(execFile)(program, words)
    return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? null
  } catch {
    return null
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await once(child, 'exit')
  clearTimeout(impatience)
}
