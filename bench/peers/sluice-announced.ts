// bench/peers/sluice-announced.ts: Sluice with nodes that announce themselves, few and thousands. The cost is that of the
// gateway; what the master spends on announcements is said beside it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mostDescriptors } from '../descriptors.ts'
import { FIRST_OF_MANY } from '../node.ts'
import type { Job, Peer } from '../peer.ts'
import { sluiceCommand } from './sluice.ts'

const ANNOUNCER = fileURLToPath(new URL('../programs/announcer.ts', import.meta.url))
/** uWSGI's subscribe-freq. */
const EVERY_SECONDS = 10

/** The key that is asked for has as many nodes as each other one. */
export const announcedPeers: readonly Peer[] = [
  announced('10-nodes', 1, 10),
  announced('1000-nodes', 100, 10),
  announced('10000-nodes', 1_000, 10),
  announced('10000-in-one-key', 1, 10_000),
]

function announced(name: string, keys: number, nodesPerKey: number): Peer {
  return {
    name: `sluice-${name}`,
    needs: [],
    serves: row => row.manyNodes === true,
    prepare,
    countsGatewaysOnly: true,
    companion: ({ port, spare }) => ({
      command: [
        process.execPath,
        ANNOUNCER,
        ...[
          keys,
          nodesPerKey,
          FIRST_OF_MANY,
          (keys * nodesPerKey) / EVERY_SECONDS,
          spare.udp,
          port,
          spare.tcp,
        ].map(String),
      ],
      port: spare.tcp,
    }),
  }
}

// A pool keeps a connection to each of so many nodes.
function prepare(job: Job): readonly string[] {
  const file = join(job.directory, 'sluice.ini')
  writeFileSync(
    file,
    `[sluice]
http = 127.0.0.1:${job.port}
http-subscription-server = 127.0.0.1:${job.spare.udp}
subscription-state = state.json
http-processes = 1
disable-logging = true
max-fd = ${mostDescriptors()}
max-connections = 4000
max-connections-per-ip = 4000
min-rate = 500
`,
  )
  return sluiceCommand(job, file)
}
