// bench/node.ts: the node behind every gateway, over TCP and UNIX: an nginx that answers at once, or the real uWSGI.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mostDescriptors } from './descriptors.ts'
import { nginxTempPaths } from './peers/nginx.ts'
import { freePort, type Running, start } from './processes.ts'
import type { Row } from './row.ts'

/** Both lead to the same node. */
export interface NodeAddress {
  readonly port: number
  readonly path: string
}

const ANSWER = 'x'.repeat(100)
const FILES = { '10k': 10 * 1024, '100k': 100 * 1024, '1m': 1024 * 1024 }
/** Ports below those that the kernel gives to clients. */
export const FIRST_OF_MANY = 20_000
const MANY = 10_000
const KINDS = { http: nginxCommand, uwsgi: uwsgiCommand }

/**
 * @param cpu where it runs
 * @param more locations that an nginx has besides
 */
export async function startNode(
  { node: kind, manyNodes = false }: Pick<Row, 'node' | 'manyNodes'>,
  directory: string,
  cpu: number,
  more = '',
): Promise<{ node: NodeAddress; running: Running }> {
  const node = { port: await freePort(), path: join(directory, 'node.sock') }
  const command = KINDS[kind](node, directory, more, manyNodes)
  return { node, running: await start('node', command, cpu, node.port, directory) }
}

// Two workers where it listens on thousands of ports: each has all of them among its descriptors, and half of the
// connections. "/post" reads the whole body before it answers, as an application does: passing the request on makes nginx do so.
function nginxCommand(
  node: NodeAddress,
  directory: string,
  more: string,
  hasManyPorts: boolean,
): readonly string[] {
  const file = join(directory, 'node.conf')
  mkdirSync(join(directory, 'files'))
  for (const [name, bytes] of Object.entries(FILES))
    writeFileSync(join(directory, 'files', name), Buffer.alloc(bytes, 'x'))
  writeFileSync(
    file,
    `daemon off;
    worker_processes ${hasManyPorts ? 2 : 1};
    pid ${directory}/node.pid;
    error_log stderr error;
    worker_rlimit_nofile ${hasManyPorts ? mostDescriptors() : 8_192};
    events { worker_connections ${hasManyPorts ? mostDescriptors() : 4_096}; }
    http {
      access_log off;
      keepalive_requests 100000000;
      keepalive_timeout 600s;
      sendfile on;
      open_file_cache max=16;
      client_body_buffer_size 256k;
      ${nginxTempPaths(directory)}
      upstream sink {
        server unix:${directory}/sink.sock;
        keepalive 64;
        keepalive_requests 100000000;
      }
      server {
        listen 127.0.0.1:${node.port} backlog=1024;
        listen unix:${node.path} backlog=1024;
        ${hasManyPorts ? `listen 127.0.0.1:${FIRST_OF_MANY}-${FIRST_OF_MANY + MANY - 1};` : ''}
        root ${directory};
        location / { return 200 "${ANSWER}"; }
        location /files/ { }
        location /post {
          proxy_pass http://sink;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Content-Length "";
          proxy_pass_request_body off;
        }
        ${more}
      }
      server {
        listen unix:${directory}/sink.sock backlog=1024;
        location / { return 200 "${ANSWER}"; }
      }
    }`,
  )
  return ['nginx', '-e', 'stderr', '-p', directory, '-c', file]
}

// Another Python on the path would mislead the plug-in.
function uwsgiCommand(node: NodeAddress, directory: string): readonly string[] {
  const file = join(directory, 'app.py')
  writeFileSync(
    file,
    `FIELDS = [("Content-Type", "text/plain"), ("Content-Length", "${ANSWER.length}")]
def application(environ, start_response):
    start_response("200 OK", FIELDS)
    return [b"${ANSWER}"]
`,
  )
  return [
    ...['env', '-i', 'PATH=/usr/bin:/bin', 'LANG=C.UTF-8', 'uwsgi-core'],
    '--plugins-dir=/usr/lib/uwsgi/plugins',
    '--plugin=python3',
    '--die-on-term',
    '--disable-logging',
    '--listen=1024',
    `--socket=127.0.0.1:${node.port}`,
    `--socket=${node.path}`,
    '--chmod-socket=666',
    `--wsgi-file=${file}`,
    '--need-app',
  ]
}
