// test/long/reload-configs.ts: the configuration of each system, in versions that have other nodes and other time-outs.
import { nginxTempPaths } from '../../bench/peers.ts'
import type { VersionNodes } from './reload-nodes.ts'

export interface SystemOptions {
  /** Of each version of the config. */
  readonly nodes: readonly VersionNodes[]
  /** The `sluice` command. */
  readonly command: string
  /** Gateways, workers, or threads. */
  readonly workers: number
  /** Seconds that what is old may live on. */
  readonly mercy: number
}

/** Where one instance runs. */
export interface Place extends SystemOptions {
  readonly port: number
  readonly directory: string
  /** Of the configuration. */
  readonly path: string
}

export function sluiceConfig({ port, directory, nodes, workers, mercy }: Place, version: number): string {
  const { http, uwsgi } = nodes[version]!
  return `[sluice]
http = 127.0.0.1:${port}
http-to = http://127.0.0.1:${http}
http-to = 127.0.0.1:${uwsgi}
http-timeout = ${30 + version}
http-keepalive = 60
http-processes = ${workers}
reload-mercy = ${mercy}
listen = 1024
disable-logging = true
pidfile = ${directory}/pid
`
}

export function nginxConfig({ port, directory, nodes, workers, mercy }: Place, version: number): string {
  const { http, uwsgi } = nodes[version]!
  const timeout = 30 + version
  return `daemon off;
worker_processes ${workers};
worker_shutdown_timeout ${mercy}s;
pid ${directory}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_timeout 60s;
  keepalive_requests 100000000;
  client_max_body_size 0;
  proxy_read_timeout ${timeout}s;
  uwsgi_read_timeout ${timeout}s;
  ${nginxTempPaths(directory)}
  upstream http_node { server 127.0.0.1:${http}; keepalive 64; }
  upstream uwsgi_node { server 127.0.0.1:${uwsgi}; }
  map $http_upgrade $connection_to_node { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://http_node;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_to_node;
      proxy_request_buffering off;
    }
    location /uwsgi/ {
      include /etc/nginx/uwsgi_params;
      uwsgi_pass uwsgi_node;
      uwsgi_request_buffering off;
    }
  }
}
`
}

// It speaks no uwsgi: all requests go to the http node.
export function haproxyConfig({ port, directory, nodes, workers, mercy }: Place, version: number): string {
  return `global
  nbthread ${workers}
  maxconn 4096
  hard-stop-after ${mercy}s
  stats socket ${directory}/stats.sock mode 600 level admin expose-fd listeners
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server ${30 + version}s
  timeout tunnel 60s
  timeout http-keep-alive 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port} backlog 1024
  default_backend nodes
backend nodes
  server node 127.0.0.1:${nodes[version]!.http}
`
}
