// bench/peers/node-gateways.ts: what people build of Node's own parts: http-proxy, and node:http with undici.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Job, Peer } from '../peer.ts'
import type { Row } from '../row.ts'

export const httpProxy: Peer = {
  name: 'http-proxy',
  needs: [],
  serves,
  prepare: job => prepare(job, 'http-proxy-gateway'),
}

export const undici: Peer = {
  name: 'undici',
  needs: [],
  serves,
  prepare: job => prepare(job, 'undici-gateway'),
}

function serves(row: Row): boolean {
  return row.node === 'http' && row.rules === undefined
}

// Compiled where Sluice is, so that their memory compares.
function prepare({ row, port, node, certificate, sluice }: Job, program: string): readonly string[] {
  const file =
    sluice === null
      ? fileURLToPath(new URL(`../programs/${program}.ts`, import.meta.url))
      : join(dirname(dirname(sluice)), 'bench', 'programs', `${program}.js`)
  const address = row.over === 'unix' ? node.path : String(node.port)
  const tls = row.client === 'https' ? [certificate.certificate, certificate.key] : []
  return [process.execPath, file, String(port), address, ...tls]
}
