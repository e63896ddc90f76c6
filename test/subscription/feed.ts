// test/subscription/feed.ts: a membership with its feed, real connects, and what a gateway would know of it.
import { createServer, type Server } from 'node:net'
import type { Test } from 'tap'
import type { KeyPicture, NodePicture } from '../../base/picture.ts'
import { FirstConnects } from '../../subscription/first-connect.ts'
import { MemoryMembership } from '../../subscription/memory-membership.ts'
import type { Proof } from '../../subscription/proof.ts'
import { TableFeed } from '../../subscription/table-feed.ts'

/** What one gateway made of its messages: the nodes of each key, in order. */
export class Mirror {
  readonly keys = new Map<string, Map<string, NodePicture>>()
  readonly messages: (readonly KeyPicture[])[] = []

  hear(message: readonly KeyPicture[]): void {
    this.messages.push(message)
    for (const { key, nodes, gone } of message) {
      const known = this.keys.get(key) ?? new Map<string, NodePicture>()
      this.keys.set(key, known)
      for (const name of gone) known.delete(name)
      for (const node of nodes) known.set(node.name, node)
      if (known.size === 0) this.keys.delete(key)
    }
  }

  names(key: string): string[] {
    return [...(this.keys.get(key)?.keys() ?? [])].map(name => name.slice(key.length + 1))
  }

  get size(): number {
    let size = 0
    for (const nodes of this.keys.values()) size += nodes.size
    return size
  }
}

export interface FeedHouse {
  readonly membership: MemoryMembership
  readonly feed: TableFeed
  readonly mirror: Mirror
  /** Addresses of host names; with feed.namesChanged() a test changes them. */
  readonly hosts: Map<string, readonly string[]>
  /** Names held now, each as often as it is. */
  readonly held: string[]
}

/** @param proofFor default: connects with short pauses */
export function startFeed(t: Test, proof: Proof | null = null, gatherMs = 5): FeedHouse {
  const membership = new MemoryMembership({ origin: 'here', toleranceMs: 17_000, version: 0 })
  const mirror = new Mirror()
  const hosts = new Map<string, readonly string[]>()
  const held: string[] = []
  const names = {
    addresses: (host: string) => hosts.get(host) ?? [],
    hold: (host: string) => void held.push(host),
    release: (host: string) => void held.splice(held.indexOf(host), 1),
  }
  const connects = new FirstConnects({ addresses: names.addresses, firstPauseMs: 10, mostPauseMs: 40 })
  const feed = new TableFeed(membership, {
    names,
    proofFor: () => proof ?? connects,
    publish: keys => mirror.hear(keys),
    gatherMs,
  })
  t.teardown(() => {
    feed.stop()
    connects.stop()
  })
  return { membership, feed, mirror, hosts, held }
}

/** A server that takes connections and says nothing. */
export async function startListener(t: Test, at: { port: number } | { path: string } = { port: 0 }) {
  const server = createServer(socket => socket.on('error', () => {}).resume())
  await listen(server, at)
  t.teardown(() => server.close())
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { server, port, address: `127.0.0.1:${port}` }
}

async function listen(server: Server, at: { port: number } | { path: string }): Promise<void> {
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen({ ...at, ...('port' in at ? { host: '127.0.0.1', backlog: 4096 } : {}) }, listening.resolve)
  await listening.promise
}
