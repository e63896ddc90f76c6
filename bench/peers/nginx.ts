// bench/peers/nginx.ts: nginx as it comes, and with the buffers that those give it who have long bodies.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mostDescriptors } from '../descriptors.ts'
import { connectionsOf, type Job, type Peer } from '../peer.ts'
import { nginxRules } from '../rule-set.ts'
import { HOST, HOSTS } from '../site.ts'

export const nginx: Peer = {
  name: 'nginx',
  needs: ['nginx'],
  serves: () => true,
  prepare: job => prepare(job, ''),
}

// The largest answer fits, so that none goes through a file.
const BUFFERS = `
      proxy_buffer_size 64k;
      proxy_buffers 32 64k;
      proxy_busy_buffers_size 256k;
      proxy_max_temp_file_size 0;
      client_body_buffer_size 256k;`

/** Measured only where it makes a difference. */
export const nginxBuffers: Peer = {
  name: 'nginx-buffers',
  needs: ['nginx'],
  serves: row => row.comparedWith === 'nginx-buffers',
  prepare: job => prepare(job, BUFFERS),
}

// Before 1.23.4 its default ends with TLS 1.2, whose resumed handshakes have no key exchange; the others speak 1.3.
const PROTOCOLS = 'ssl_protocols TLSv1.2 TLSv1.3;'

// It adds no X-Forwarded-* lines, as the others do or may: that is to its advantage, not to ours.
function prepare(job: Job, buffers: string): readonly string[] {
  const { directory, row } = job
  const file = join(directory, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off;
    worker_processes 1;
    worker_rlimit_nofile ${Math.min(mostDescriptors(), 2 * connectionsOf(row))};
    pid ${directory}/nginx.pid;
    error_log stderr error;
    events { worker_connections ${2 * connectionsOf(row)}; }
    http {
      access_log off;
      keepalive_requests 100000000;
      ${nginxTempPaths(directory)}${buffers}
      ${HOSTS.map(host => site(job, host)).join('')}
    }`,
  )
  return ['nginx', '-e', 'stderr', '-p', directory, '-c', file]
}

const NO_RULES = { locations: '', names: '', lines: '' }

function site({ row, port, node, certificate }: Job, host: string): string {
  const name = host.replace('.', '_')
  const pass = row.node === 'http' ? httpPass(name) : uwsgiPass(name)
  const rules = host === HOST && row.rules !== undefined ? nginxRules(row.rules, pass) : NO_RULES
  return `
      upstream ${name} {
        server ${row.over === 'unix' ? `unix:${node.path}` : `127.0.0.1:${node.port}`};
        ${row.node === 'http' ? 'keepalive 64; keepalive_requests 100000000;' : ''}
      }
      server {
        listen 127.0.0.1:${port}${row.client === 'https' ? ' ssl' : ''}${host === HOSTS[0] ? ' backlog=1024' : ''};
        server_name ${rules.names || host};
        ${row.client === 'https' ? `ssl_certificate ${certificate.certificate}; ssl_certificate_key ${certificate.key}; ${PROTOCOLS}` : ''}
        ${rules.lines}
        ${rules.locations}
        location / {
          ${pass}
        }
      }`
}

function httpPass(name: string): string {
  return `proxy_pass http://${name};
          proxy_http_version 1.1;
          proxy_set_header Host $host;
          proxy_set_header Connection "";`
}

// The variables of the file that comes with it.
function uwsgiPass(name: string): string {
  const variables = {
    QUERY_STRING: '$query_string',
    REQUEST_METHOD: '$request_method',
    CONTENT_TYPE: '$content_type',
    CONTENT_LENGTH: '$content_length',
    REQUEST_URI: '$request_uri',
    PATH_INFO: '$document_uri',
    DOCUMENT_ROOT: '$document_root',
    SERVER_PROTOCOL: '$server_protocol',
    REQUEST_SCHEME: '$scheme',
    REMOTE_ADDR: '$remote_addr',
    REMOTE_PORT: '$remote_port',
    SERVER_PORT: '$server_port',
    SERVER_NAME: '$server_name',
  }
  const lines = Object.entries(variables).map(([key, value]) => `uwsgi_param ${key} ${value};`)
  return `uwsgi_pass ${name};
          ${lines.join('\n          ')}`
}

/** Places where nginx may write, so that it needs no right on the system's own. */
export function nginxTempPaths(directory: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${directory}/${name};`)
    .join('\n')
}
