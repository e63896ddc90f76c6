// bench/peers.ts: the gateways that are compared, each with the configuration its makers would advise for this job.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NodeAddress } from './node.ts'

/** What a peer is to be for one row. */
export interface Job {
  readonly port: number
  readonly node: NodeAddress
  readonly upstream: 'tcp' | 'unix'
  /** Exists; for configuration files and logs. */
  readonly directory: string
  /** The compiled `sluice` command; null: the checkout's own. */
  readonly sluice: string | null
}

export interface Peer {
  readonly name: string
  /** Commands that must exist. */
  readonly needs: readonly string[]
  /** Writes configuration files. @returns the command line that serves in the foreground */
  prepare(job: Job): readonly string[]
}

/** The first one is what the others are compared with. */
export const PEERS: readonly Peer[] = [
  { name: 'nginx', needs: ['nginx'], prepare: prepareNginx },
  { name: 'haproxy', needs: ['haproxy'], prepare: prepareHaproxy },
  { name: 'sluice', needs: [], prepare: prepareSluice },
]

/** A peer given on the command line. @param command with {port} and {node} */
export function peerFromCommand(name: string, command: string): Peer {
  const prepare = ({ port, node, upstream }: Job) =>
    command
      .replaceAll('{port}', String(port))
      .replaceAll('{node}', upstream === 'unix' ? node.path : String(node.port))
      .split(/\s+/)
  return { name, needs: [], prepare }
}

// It adds no X-Forwarded-* lines, as the others do or may: that is to its advantage, not to ours.
function prepareNginx({ port, node, upstream, directory }: Job): readonly string[] {
  const file = join(directory, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off;
    worker_processes 1;
    pid ${directory}/nginx.pid;
    error_log stderr error;
    events { worker_connections 4096; }
    http {
      access_log off;
      keepalive_requests 100000000;
      ${nginxTempPaths(directory)}
      upstream node {
        server ${upstream === 'unix' ? `unix:${node.path}` : `127.0.0.1:${node.port}`};
        keepalive 64;
        keepalive_requests 100000000;
      }
      server {
        listen 127.0.0.1:${port} backlog=1024;
        location / {
          proxy_pass http://node;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
        }
      }
    }`,
  )
  return ['nginx', '-e', 'stderr', '-p', directory, '-c', file]
}

/** Places where nginx may write, so that it needs no right on the system's own. */
export function nginxTempPaths(directory: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${directory}/${name};`)
    .join('\n')
}

function prepareHaproxy({ port, node, upstream, directory }: Job): readonly string[] {
  const file = join(directory, 'haproxy.cfg')
  writeFileSync(
    file,
    `global
      nbthread 1
      maxconn 4096
    defaults
      mode http
      timeout connect 5s
      timeout client 60s
      timeout server 60s
      timeout http-keep-alive 60s
      http-reuse always
    frontend in
      bind 127.0.0.1:${port}
      default_backend nodes
    backend nodes
      server node ${upstream === 'unix' ? `unix@${node.path}` : `127.0.0.1:${node.port}`}
`,
  )
  return ['haproxy', '-db', '-f', file]
}

function prepareSluice({ port, node, upstream, directory, sluice }: Job): readonly string[] {
  const file = join(directory, 'sluice.ini')
  writeFileSync(
    file,
    `[sluice]
http = 127.0.0.1:${port}
http-to = http://${upstream === 'unix' ? node.path : `127.0.0.1:${node.port}`}
http-processes = 1
disable-logging = true
`,
  )
  const command = sluice ?? fileURLToPath(new URL('../bin/sluice.js', import.meta.url))
  return [process.execPath, command, file]
}
