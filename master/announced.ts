// master/announced.ts: what the membership, the way to the gateways and the refusals know of announced nodes, as `sluice why`,
// `sluice status` and http-stats ask for it.
import type { NodePicture } from '../base/picture.ts'
import type { NodeRecord } from '../subscription/membership.ts'
import { type Addresses, nodeName, nodePicture } from '../subscription/node-picture.ts'
import { REFUSALS } from '../subscription/refusals.ts'
import type { WaitingNode } from '../subscription/table-feed.ts'
import type { AnnouncementCounts } from './controls.ts'
import type { NodeWatch } from './node-watch.ts'
import type { AnnouncedNodes } from './stats-router.ts'
import type { SubscriptionPlan } from './subscription-plan.ts'
import type { Subscriptions } from './subscriptions.ts'
import type { WhyAnnounced, WhyMember } from './why.ts'

export interface AnnouncedSources {
  readonly plan: SubscriptionPlan
  readonly subscriptions: Pick<Subscriptions, 'membership' | 'pulse' | 'refusalsOf'>
  readonly watch: Pick<NodeWatch, 'waiting' | 'algoOf' | 'forMs'>
  readonly addresses: Addresses
}

/** For http-stats; null: there is no server for announcements. */
export function announcedForStats({ plan, subscriptions }: AnnouncedSources): AnnouncedNodes | null {
  const { servers, isCheap } = plan
  if (servers.length === 0) return null
  return {
    addresses: servers.map(({ address }) => address.text),
    records: recordsOf(subscriptions),
    pulse: id => subscriptions.pulse(id),
    isCheap,
  }
}

/** For `sluice status`; null: there is no server for announcements. */
export function announcementCounts({
  plan,
  subscriptions,
}: {
  readonly plan: AnnouncedSources['plan']
  readonly subscriptions: Pick<Subscriptions, 'counts'>
}): AnnouncementCounts | null {
  if (plan.servers.length === 0) return null
  const { accepted, refused, refusedBySource } = subscriptions.counts
  const reasons = Array.from(refused, ([reason, count]) => ({ reason, count }))
  return {
    taken: accepted,
    refused: reasons.reduce((sum, { count }) => sum + count, 0),
    reasons: reasons.sort((a, b) => b.count - a.count),
    senders: refusedBySource.toSorted((a, b) => b.count - a.count),
  }
}

/** For `sluice why`; null: there is no server for announcements. */
export function announcedForWhy(sources: AnnouncedSources): WhyAnnounced | null {
  const { plan, subscriptions, watch } = sources
  if (plan.servers.length === 0) return null
  const byKey = Map.groupBy(
    recordsOf(subscriptions).filter(({ isStatic }) => !isStatic),
    ({ key }) => key,
  )
  return {
    servers: plan.servers.map(({ address }) => address.text),
    keys: byKey.keys(),
    has: key => byKey.has(key),
    algo: key => watch.algoOf(key),
    nodes: key => {
      const waiting = new Map(watch.waiting().map(each => [each.name, each]))
      return (byKey.get(key) ?? []).map(record => whyMember(record, waiting, sources))
    },
    refused: key =>
      subscriptions
        .refusalsOf(key)
        .map(({ reason, count, source, remedy }) => ({ why: REFUSALS[reason], count, source, remedy })),
  }
}

/** Names of all announced nodes, as in messages. */
export function announcedNames(subscriptions: Pick<Subscriptions, 'membership'>): string[] {
  return recordsOf(subscriptions)
    .filter(({ isStatic }) => !isStatic)
    .map(nodeName)
}

function recordsOf({ membership }: Pick<Subscriptions, 'membership'>): NodeRecord[] {
  return Array.from(membership.entries(), ({ record }) => record)
}

function whyMember(
  record: NodeRecord,
  allWaiting: ReadonlyMap<string, WaitingNode>,
  { subscriptions, watch, addresses }: AnnouncedSources,
): WhyMember {
  const heardS = Math.round((subscriptions.pulse(record.id)?.heardAgoMs ?? 0) / 1000)
  const waiting = allWaiting.get(nodeName(record))
  const origin = `announced by ${record.source}, ${heardS} s ago`
  const picture = nodePicture(record, addresses) ?? nowhere(record)
  if (waiting !== undefined)
    return { picture, origin, state: 'waiting', why: waiting.why, sinceMs: waiting.forMs }
  const state = record.isUnheard ? 'unheard' : 'up'
  return { picture, origin, state, why: '', sinceMs: watch.forMs(record.id) }
}

// Its name resolves to nothing.
function nowhere(record: NodeRecord): NodePicture {
  const { weight, backup, modifier1, modifier2 } = record.announcement
  const endpoint = { kind: 'tcp', addresses: [], port: 0 } as const
  return {
    name: nodeName(record),
    proto: record.node.address.proto,
    endpoint,
    weight,
    backup,
    modifier1,
    modifier2,
  }
}
