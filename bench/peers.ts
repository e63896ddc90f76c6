// bench/peers.ts: the gateways that are compared, each with the configuration its makers would advise for this job.
import type { Peer } from './peer.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginx, nginxBuffers } from './peers/nginx.ts'
import { httpProxy, undici } from './peers/node-gateways.ts'
import { sluice, sluiceWithoutRules } from './peers/sluice.ts'
import { announcedPeers } from './peers/sluice-announced.ts'
import { uwsgiRouter } from './peers/uwsgi-router.ts'

export { nginxTempPaths } from './peers/nginx.ts'

export const PEERS: readonly Peer[] = [
  nginx,
  nginxBuffers,
  haproxy,
  sluice,
  sluiceWithoutRules,
  ...announcedPeers,
  httpProxy,
  undici,
  uwsgiRouter,
]

/** For a first impression. */
export const QUICK_PEERS: readonly Peer[] = [nginx, nginxBuffers, haproxy, sluice]

/** A peer given on the command line. @param command with {port} and {node}, and {certificate} and {key} for rows with TLS */
export function peerFromCommand(name: string, command: string): Peer {
  return {
    name,
    needs: [],
    serves: row => row.client === (command.includes('{key}') ? 'https' : 'http'),
    prepare: ({ row, port, node, certificate }) =>
      command
        .replaceAll('{port}', String(port))
        .replaceAll('{node}', row.over === 'unix' ? node.path : String(node.port))
        .replaceAll('{certificate}', certificate.certificate)
        .replaceAll('{key}', certificate.key)
        .split(/\s+/),
  }
}
