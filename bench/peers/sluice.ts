// bench/peers/sluice.ts: Sluice, with one gateway, every limit and every time-out on.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectionsOf, type Job, type Peer } from '../peer.ts'
import { sluiceRules } from '../rule-set.ts'
import { HOSTS } from '../site.ts'

export const sluice: Peer = { name: 'sluice', needs: [], serves: () => true, prepare: job => prepare(job) }

/** For what rules cost: the same without them. */
export const sluiceWithoutRules: Peer = {
  name: 'sluice-without-rules',
  needs: [],
  serves: ({ rules }) => rules !== undefined,
  prepare: job => prepare(job, []),
}

function prepare(
  job: Job,
  rules = job.row.rules === undefined ? [] : sluiceRules(job.row.rules),
): readonly string[] {
  const { row, port, node, certificate, directory } = job
  const file = join(directory, 'sluice.ini')
  const address = row.over === 'unix' ? node.path : `127.0.0.1:${node.port}`
  const backends = HOSTS.map(
    host => `backend = key=${host},address=${row.node === 'http' ? 'http://' : ''}${address}`,
  )
  const files = row.client === 'https' ? `,${certificate.certificate},${certificate.key}` : ''
  writeFileSync(
    file,
    `[sluice]
${row.client} = 127.0.0.1:${port}${files}
${backends.join('\n')}
http-processes = 1
disable-logging = true
http-timeout = 60
http-connect-timeout = 5
http-headers-timeout = 10
http-keepalive = 75
max-connections = ${connectionsOf(row)}
max-connections-per-ip = ${connectionsOf(row)}
min-rate = 500
limit-post = 10m
http-max-head-size = 32k
http-max-headers = 128
http-max-uri = 8k
${rules.join('\n')}
`,
  )
  return sluiceCommand(job, file)
}

/** @param file the ini file */
export function sluiceCommand({ sluice }: Job, file: string): readonly string[] {
  const command = sluice ?? fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))
  return [process.execPath, command, file]
}
