// stats/router-json.ts: what http-stats tells: the JSON of uWSGI's http router, with its names, its order and its layout.
// Pure. The members that uWSGI 2.1 added are among them; who reads those of 2.0 finds them as ever.

export interface RouterStats {
  readonly version: string
  readonly pid: number
  readonly uid: number
  readonly gid: number
  readonly cwd: string
  /** Client connections open now. */
  readonly activeSessions: number
  /** Addresses that take requests, then those that take announcements. */
  readonly http: readonly string[]
  /** null: there is no http-to. */
  readonly staticNodes: readonly StaticNodeStats[] | null
  /** null: no host has nodes of its own, and none can get any. In any order. */
  readonly subscriptions: readonly SubscriptionStats[] | null
  /** Listeners wait until somebody serves. */
  readonly isCheap: boolean
}

export interface StaticNodeStats {
  readonly name: string
  readonly hits: number
  /** Unix time of the last failure that let it rest; 0: none. */
  readonly grace: number
}

/** A key and its nodes. */
export interface SubscriptionStats {
  readonly key: string
  /** Look-ups that found it. */
  readonly hits: number
  readonly isSniEnabled: boolean
  /** Name of the policy. */
  readonly algo?: string
  readonly nodes: readonly SubscribedNodeStats[]
}

export interface SubscribedNodeStats {
  /** Its address, without a protocol. */
  readonly name: string
  readonly vassal?: string
  readonly modifier1: number
  readonly modifier2: number
  /** Unix time of its last announcement. */
  readonly lastCheck: number
  readonly pid: number
  readonly uid: number
  readonly gid: number
  readonly requests: number
  /** Since its last announcement. */
  readonly lastRequests: number
  /** Bytes from the node, and to it. */
  readonly tx: number
  readonly rx: number
  readonly cores: number
  readonly load: number
  readonly weight: number
  readonly backup?: number
  /** First letter of its protocol; '': not said, which means uwsgi. */
  readonly proto?: string
  /** Its credit, where the policy has such a thing. */
  readonly wrr: number
  /** Requests in hand. */
  readonly ref: number
  readonly failcnt: number
  /** It gets no requests just now. */
  readonly isDead: boolean
}

const BUCKETS = 65_535
const TABS = Array.from({ length: 6 }, (_, depth) => '\t'.repeat(depth))

/** The whole document, without a line break at its end. */
export function routerJson(stats: RouterStats): string {
  const { staticNodes, subscriptions } = stats
  const members = [
    member(1, 'version', stats.version),
    member(1, 'pid', stats.pid),
    member(1, 'uid', stats.uid),
    member(1, 'gid', stats.gid),
    member(1, 'cwd', stats.cwd),
    member(1, 'active_sessions', stats.activeSessions),
    `\t"http":[\n${stats.http.map(address => JSON.stringify(address)).join(',\n')}\n\t]`,
    ...(staticNodes === null ? [] : [list(1, 'static_nodes', staticNodes.map(staticNode))]),
    ...(subscriptions === null
      ? []
      : [list(1, 'subscriptions', inBucketOrder(subscriptions).map(subscription))]),
    member(1, 'cheap', Number(stats.isCheap)),
  ]
  return `{\n${members.join(',\n')}\n}`
}

/** Where uWSGI's table has a key: 33 h xor byte, from 5381 on, in 32 bits, bytes above 127 negative; modulo 65535. */
export function keyBucket(key: string): number {
  let hash = 5381
  for (const byte of Buffer.from(key)) hash = (Math.imul(hash, 33) ^ ((byte << 24) >> 24)) >>> 0
  return hash % BUCKETS
}

function inBucketOrder(
  subscriptions: readonly SubscriptionStats[],
): { stats: SubscriptionStats; bucket: number }[] {
  return subscriptions
    .map(stats => ({ stats, bucket: keyBucket(stats.key) }))
    .sort((a, b) => a.bucket - b.bucket)
}

function staticNode({ name, hits, grace }: StaticNodeStats): string {
  return object(2, [member(3, 'name', name), member(3, 'hits', hits), member(3, 'grace', grace)])
}

function subscription({ stats, bucket }: { stats: SubscriptionStats; bucket: number }): string {
  return object(2, [
    member(3, 'key', stats.key),
    member(3, 'hash', bucket),
    member(3, 'hits', stats.hits),
    member(3, 'sni_enabled', Number(stats.isSniEnabled)),
    ...optional(3, 'algo', stats.algo),
    list(3, 'nodes', stats.nodes.map(subscribedNode)),
  ])
}

function subscribedNode(node: SubscribedNodeStats): string {
  return object(4, [
    member(5, 'name', node.name),
    ...optional(5, 'vassal', node.vassal),
    member(5, 'modifier1', node.modifier1),
    member(5, 'modifier2', node.modifier2),
    member(5, 'last_check', node.lastCheck),
    member(5, 'pid', node.pid),
    member(5, 'uid', node.uid),
    member(5, 'gid', node.gid),
    member(5, 'requests', node.requests),
    member(5, 'last_requests', node.lastRequests),
    member(5, 'tx', node.tx),
    member(5, 'rx', node.rx),
    member(5, 'cores', node.cores),
    member(5, 'load', node.load),
    member(5, 'weight', node.weight),
    ...optional(5, 'backup', node.backup),
    ...optional(5, 'proto', node.proto),
    member(5, 'wrr', node.wrr),
    member(5, 'ref', node.ref),
    member(5, 'failcnt', node.failcnt),
    member(5, 'death_mark', Number(node.isDead)),
  ])
}

function member(depth: number, name: string, value: string | number): string {
  return `${TABS[depth]}"${name}":${typeof value === 'number' ? value : JSON.stringify(value)}`
}

function optional(depth: number, name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [member(depth, name, value)]
}

function object(depth: number, members: readonly string[]): string {
  const indent = TABS[depth]
  return `${indent}{\n${members.join(',\n')}\n${indent}}`
}

function list(depth: number, name: string, items: readonly string[]): string {
  const indent = TABS[depth]
  return `${indent}"${name}":[\n${items.join(',\n')}\n${indent}]`
}
