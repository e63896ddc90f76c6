// test/long/subscriptions-agreement.ts: whether the gateways have the table that the master has: who answers for a key is who
// the master says does, on every connection.
import { ClientConnection } from './reload-connection.ts'
import { KEYS, keyName } from './subscriptions-crowd.ts'
import { askFor } from './subscriptions-load.ts'
import type { Site } from './subscriptions-site.ts'

const CONNECTIONS = 6
/** Some more than the nodes of a key: they have turns. */
const REQUESTS = 30
const EVERY_NTH = 10
const TRIES = 3

/** @returns what differs, in words */
export async function disagreements(site: Site): Promise<string[]> {
  await site.reload(false, 'smooth')
  const wrong: string[] = []
  for (let i = 0; i < KEYS; i += EVERY_NTH) {
    const said = await disagreement(site, keyName(i))
    if (said !== null) wrong.push(said)
  }
  return wrong
}

// Leases end while we look: what is wrong once may have changed in between.
async function disagreement(site: Site, key: string): Promise<string | null> {
  let wrong: string | null = null
  for (let turn = 0; turn < TRIES; turn++) {
    const before = await nodesOf(site, key)
    const answered = await portsOf(site, key)
    const after = await nodesOf(site, key)
    const strange = [...answered].filter(port => !before.has(port) && !after.has(port))
    const missing = [...before].filter(port => after.has(port) && !answered.has(port))
    if (strange.length + missing.length === 0) return null
    wrong = `${key}: [${strange}] answer and are not known, [${missing}] are up and do not answer`
  }
  return wrong
}

async function nodesOf(site: Site, key: string): Promise<Set<number>> {
  const { nodes } = await site.why(key)
  return new Set(
    nodes.filter(({ state }) => state === 'up').map(({ name }) => Number(name.split(':').at(-1))),
  )
}

async function portsOf({ port }: Site, key: string): Promise<Set<number>> {
  const ports = new Set<number>()
  for (let i = 0; i < CONNECTIONS; i++) {
    const connection = new ClientConnection(port)
    for (let turn = 0; turn < REQUESTS; turn++) {
      const outcome = await connection.ask(askFor(key))
      if (outcome.kind === 'answer') ports.add(outcome.answer.port)
    }
    connection.close()
  }
  return ports
}
