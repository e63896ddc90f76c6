// bench/peers/haproxy.ts: HAProxy with one thread, its hosts in a map as its makers advise.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectionsOf, type Job, type Peer } from '../peer.ts'
import { haproxyRules } from '../rule-set.ts'
import { HOSTS } from '../site.ts'

/** It speaks no uwsgi. */
export const haproxy: Peer = {
  name: 'haproxy',
  needs: ['haproxy'],
  serves: row => row.node === 'http',
  prepare,
}

// Without strict limits it serves as many as it has descriptors for, not two for each: idle clients need no node.
function prepare({ row, port, node, certificate, directory }: Job): readonly string[] {
  const file = join(directory, 'haproxy.cfg')
  const map = join(directory, 'hosts.map')
  writeFileSync(map, HOSTS.map(host => `${host} ${host}\n`).join(''))
  const server = row.over === 'unix' ? `unix@${node.path}` : `127.0.0.1:${node.port}`
  const backends = HOSTS.map(host => `    backend ${host}\n      server node ${server}\n`)
  writeFileSync(
    file,
    `global
      nbthread 1
      maxconn ${connectionsOf(row)}
      no strict-limits
    defaults
      mode http
      timeout connect 5s
      timeout client 60s
      timeout server 60s
      timeout http-request 10s
      timeout http-keep-alive 60s
      http-reuse always
    frontend in
      bind 127.0.0.1:${port}${row.client === 'https' ? ` ssl crt ${certificate.both}` : ''}
      ${row.rules === undefined ? '' : haproxyRules(row.rules, directory)}
      use_backend %[req.hdr(host),field(1,:),lower,map(${map},${HOSTS[0]})]
${backends.join('')}`,
  )
  return ['haproxy', '-db', '-f', file]
}
