// bench/node.ts: the node behind every gateway: an nginx that answers 100 bytes at once, kept alive, over TCP and UNIX.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nginxTempPaths } from './peers.ts'
import { freePort, type Running, start } from './processes.ts'

/** Both lead to the same node. */
export interface NodeAddress {
  readonly port: number
  readonly path: string
}

const ANSWER = 'x'.repeat(100)

/** @param cpu where it runs */
export async function startNode(
  directory: string,
  cpu: number,
): Promise<{ node: NodeAddress; running: Running }> {
  const node = { port: await freePort(), path: join(directory, 'node.sock') }
  const file = join(directory, 'node.conf')
  writeFileSync(
    file,
    `daemon off;
    worker_processes 1;
    pid ${directory}/node.pid;
    error_log stderr error;
    events { worker_connections 4096; }
    http {
      access_log off;
      keepalive_requests 100000000;
      keepalive_timeout 600s;
      ${nginxTempPaths(directory)}
      server {
        listen 127.0.0.1:${node.port} backlog=1024;
        listen unix:${node.path} backlog=1024;
        location / { return 200 "${ANSWER}"; }
      }
    }`,
  )
  const running = await start(
    'node',
    ['nginx', '-e', 'stderr', '-p', directory, '-c', file],
    cpu,
    node.port,
    directory,
  )
  return { node, running }
}
