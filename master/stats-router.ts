// master/stats-router.ts: what http-stats tells of this instance, gathered from its plan, its counters and who announced itself.
import type { NodeAddress } from '../base/address.ts'
import type { BackendPicture, NodePicture } from '../base/picture.ts'
import type {
  RouterStats,
  StaticNodeStats,
  SubscribedNodeStats,
  SubscriptionStats,
} from '../stats/router-json.ts'
import type { NodeRecord, Pulse } from '../subscription/membership.ts'
import type { NodeTotal } from './totals.ts'

/** The part of {@link Totals} that is asked. */
export interface CountedNodes {
  readonly counters: { readonly connections: number }
  node(name: string): NodeTotal
  requestsWithin(name: string, ms: number): number
  hits(key: string): number
}

/** Nodes that announced themselves. */
export interface AnnouncedNodes {
  /** Addresses that take announcements. */
  readonly addresses: readonly string[]
  /** Those of the config, if they are among them, count once. */
  readonly records: Iterable<NodeRecord>
  pulse(id: string): Pulse | null
  readonly isCheap: boolean
}

export interface StatsSources {
  readonly version: string
  readonly cwd: string
  /** With the ports really bound. */
  readonly listeners: readonly string[]
  /** As of the config: http-to, and the backends. */
  readonly staticNodes: readonly NodeAddress[]
  readonly backends: readonly BackendPicture[]
  readonly totals: CountedNodes
  /** null: there is no server for announcements. */
  readonly announced: AnnouncedNodes | null
  /** Name of the policy of a key. */
  readonly policyOf: (key: string) => string
  /** Milliseconds in the clock of the totals, and since 1970. */
  readonly now: number
  readonly wallNow: number
}

export function routerStats(sources: StatsSources): RouterStats {
  const { staticNodes, backends, announced, totals, listeners } = sources
  return {
    version: sources.version,
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    cwd: sources.cwd,
    activeSessions: totals.counters.connections,
    http: [...listeners, ...(announced?.addresses ?? [])],
    staticNodes: staticNodes.length === 0 ? null : staticStats(sources),
    subscriptions: announced === null && backends.length === 0 ? null : subscriptionStats(sources),
    isCheap: announced?.isCheap ?? false,
  }
}

// A node that is listed twice is one.
function staticStats({ staticNodes, totals, now, wallNow }: StatsSources): StaticNodeStats[] {
  const once = new Map(staticNodes.map(node => [node.name, node]))
  return [...once.values()].map(({ name, proto }) => {
    const { requests, restsSince } = totals.node(name)
    const grace = restsSince === 0 ? 0 : Math.floor((wallNow - (now - restsSince)) / 1000)
    return { name: proto === 'uwsgi' ? name.slice('uwsgi://'.length) : name, hits: requests, grace }
  })
}

function subscriptionStats(sources: StatsSources): SubscriptionStats[] {
  const { backends, announced, totals, policyOf } = sources
  const byKey = new Map<string, SubscribedNodeStats[]>()
  const put = (key: string, node: SubscribedNodeStats) => {
    const nodes = byKey.get(key)
    if (nodes === undefined) byKey.set(key, [node])
    else nodes.push(node)
  }
  for (const { key, nodes } of backends)
    for (const node of nodes) put(key, configuredNode(node, key, sources))
  for (const record of announced?.records ?? []) {
    if (!record.isStatic) put(record.key, announcedNode(record, sources))
  }
  return [...byKey].map(([key, nodes]) => {
    return { key, hits: totals.hits(key), isSniEnabled: false, algo: policyOf(key), nodes }
  })
}

function configuredNode(node: NodePicture, key: string, sources: StatsSources): SubscribedNodeStats {
  const { name, proto, modifier1, modifier2, weight, backup = 0 } = node
  return {
    name: name.slice(key.length + 1 + `${proto}://`.length),
    vassal: '',
    modifier1,
    modifier2,
    lastCheck: Math.floor(sources.wallNow / 1000), // its lease never runs out
    cores: 0,
    load: 0,
    weight,
    backup,
    proto: proto === 'http' ? 'h' : '',
    lastRequests: sources.totals.node(name).requests,
    ...counted(name, sources),
  }
}

function announcedNode(record: NodeRecord, sources: StatsSources): SubscribedNodeStats {
  const { key, node, announcement, id } = record
  const { heardAgoMs = 0, cores = 0, load = 0 } = sources.announced?.pulse(id) ?? {}
  const name = `${key} ${node.address.name}`
  return {
    name: node.place,
    vassal: announcement.vassal,
    modifier1: announcement.modifier1,
    modifier2: announcement.modifier2,
    lastCheck: Math.floor((sources.wallNow - heardAgoMs) / 1000),
    cores,
    load,
    weight: announcement.weight,
    backup: announcement.backup,
    proto: announcement.proto?.slice(0, 1) ?? (node.address.proto === 'http' ? 'h' : ''),
    lastRequests: sources.totals.requestsWithin(name, heardAgoMs),
    ...counted(name, sources),
  }
}

type Counted = 'pid' | 'uid' | 'gid' | 'requests' | 'tx' | 'rx' | 'wrr' | 'ref' | 'failcnt' | 'isDead'

// Credentials come with UNIX datagrams, which Node does not have; credit is each gateway's own.
function counted(name: string, { totals, now }: StatsSources): Pick<SubscribedNodeStats, Counted> {
  const { requests, failures, tx, rx, inHand, restsUntil } = totals.node(name)
  const isDead = restsUntil > now
  return { pid: 0, uid: 0, gid: 0, requests, tx, rx, wrr: 0, ref: inHand, failcnt: failures, isDead }
}
