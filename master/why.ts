// master/why.ts: what `sluice why` tells: which nodes a request for a key goes to, how each of them is, and why.
// Pure: everything that is known is handed in.
import type { NodePicture, Picture } from '../base/picture.ts'
import type { Policy } from '../base/policy.ts'
import { lineOf, type PolicyOf, policyOf } from '../routing/policy-of.ts'
import { lookUp } from './look-up.ts'
import type { NodeTotal } from './totals.ts'

/** How a key was found; 'nobody': it was not, and there is nothing to serve other hosts either. */
export const WAYS = ['exact', 'host', 'wildcard', 'fallback', 'http-to', 'nobody'] as const

/**
 * 'waiting': for its first connect. 'failing': a check found it unwell, or its name does not resolve. 'unheard': it is not announced any more, and stays as
 * the last of its key.
 */
export const NODE_STATES = ['up', 'resting', 'waiting', 'failing', 'unheard', 'draining'] as const

export interface WhyReport {
  readonly asked: string
  readonly way: (typeof WAYS)[number]
  /** '' for http-to and nobody. */
  readonly key: string
  /** The fallback key, where requests go while no node of `key` is in service; '': they do not. */
  readonly meanwhile: string
  readonly policy: Policy
  readonly policyFrom: PolicyOf['from']
  /** Requests of all the nodes. */
  readonly lastMinute: number
  readonly nodes: readonly WhyNode[]
  readonly refused: readonly WhyRefused[]
  /** When nobody serves it: some of the keys that there are, and how many. */
  readonly keys: readonly string[]
  readonly keyCount: number
  /** Where it could be announced; none when there is no server for announcements. */
  readonly servers: readonly string[]
}

export interface WhyNode {
  /** Its address with its protocol: "http://10.0.0.7:80". */
  readonly name: string
  /** The option that names it, or who announced it: "announced by 10.0.0.7, 3 s ago". */
  readonly origin: string
  readonly state: (typeof NODE_STATES)[number]
  /** For how long it has been so; null: not known. */
  readonly sinceMs: number | null
  /** Of a rest. */
  readonly endsInMs: number | null
  /** '' when there is nothing to say. */
  readonly why: string
  readonly weight: number
  readonly backup: number
  /** Of each gateway; 0: none. */
  readonly limit: number
  readonly inHand: number
  /** 0: no answer was seen lately. */
  readonly latencyMs: number
  readonly lastMinute: number
  /** Of the last minute, from 0 to 1. */
  readonly share: number
  readonly requests: number
  readonly failures: number
}

/** Announcements for the key that were not taken. */
export interface WhyRefused {
  readonly why: string
  readonly count: number
  readonly source: string
  /** The line that would admit it; ''. */
  readonly remedy: string
}

export interface WhySources {
  readonly picture: Pick<
    Picture,
    'backends' | 'nodes' | 'fallbackNodes' | 'balances' | 'policy' | 'fallbackKey'
  >
  readonly totals: { node(name: string): NodeTotal }
  /** null: there is no server for announcements. */
  readonly announced: WhyAnnounced | null
  /** What a check found wrong with a node, by its name in the picture; null: nothing, or it is not checked. */
  readonly failingCheck: (name: string) => WhyTrouble | null
  /** In the clock of the totals. */
  readonly now: number
}

export interface WhyTrouble {
  readonly why: string
  readonly sinceMs: number | null
}

/** Who announced itself, by key. */
export interface WhyAnnounced {
  /** Addresses of the servers for announcements. */
  readonly servers: readonly string[]
  readonly keys: Iterable<string>
  has(key: string): boolean
  /** How its nodes ask for it to be balanced. */
  algo(key: string): string
  nodes(key: string): Iterable<WhyMember>
  refused(key: string): readonly WhyRefused[]
}

export interface WhyMember extends WhyTrouble {
  readonly picture: NodePicture
  /** Rests and checks are known elsewhere. */
  readonly state: 'up' | 'waiting' | 'unheard' | 'draining'
  readonly origin: string
}

const MOST_KEYS = 10

export function whyReport(asked: string, sources: WhySources): WhyReport {
  const { picture, announced } = sources
  const { way, key, meanwhile } = find(asked, sources)
  const nodes = way === 'nobody' ? [] : nodesOf(way, key, sources)
  const lastMinute = nodes.reduce((sum, node) => sum + node.lastMinute, 0)
  const { policy, from } = policyOf(
    key,
    lineOf(key, picture.balances),
    announced?.algo(key) ?? '',
    picture.policy,
  )
  const keys = way === 'nobody' ? allKeys(sources) : []
  return {
    asked,
    way,
    key,
    meanwhile,
    policy,
    policyFrom: from,
    lastMinute,
    nodes: nodes.map(node => ({ ...node, share: lastMinute === 0 ? 0 : node.lastMinute / lastMinute })),
    refused: announced === null ? [] : refusedFor(asked, key, announced),
    keys: keys.slice(0, MOST_KEYS),
    keyCount: keys.length,
    servers: announced?.servers ?? [],
  }
}

function find(asked: string, sources: WhySources): Pick<WhyReport, 'way' | 'key' | 'meanwhile'> {
  const { picture, announced } = sources
  const { fallbackKey } = picture
  const configured = new Set(picture.backends.map(({ key }) => key))
  const has = (key: string) => configured.has(key) || announced?.has(key) === true
  const own = lookUp(asked, has)
  const hasFallback = fallbackKey !== '' && has(fallbackKey)
  if (own !== null) {
    const falls =
      hasFallback && !isServed('exact', own.key, sources) && isServed('fallback', fallbackKey, sources)
    return { ...own, meanwhile: falls ? fallbackKey : '' }
  }
  if (hasFallback) return { way: 'fallback', key: fallbackKey, meanwhile: '' }
  const isRest = picture.nodes.length + picture.fallbackNodes.length > 0
  return { way: isRest ? 'http-to' : 'nobody', key: '', meanwhile: '' }
}

// Of the key that serves, and of one that would go before it, had its announcement been taken.
function refusedFor(asked: string, key: string, { refused }: WhyAnnounced): readonly WhyRefused[] {
  const first = lookUp(asked, each => each === key || refused(each).length > 0)?.key ?? asked
  return first === key || key === '' ? refused(first) : [...refused(first), ...refused(key)]
}

function isServed(way: WhyReport['way'], key: string, sources: WhySources): boolean {
  return nodesOf(way, key, sources).some(({ state }) => state === 'up' || state === 'unheard')
}

function nodesOf(way: WhyReport['way'], key: string, sources: WhySources): WhyNode[] {
  const { picture, announced } = sources
  const known = (nodes: readonly NodePicture[], origin: string) => {
    return nodes.map(node =>
      whyNode({ picture: node, state: 'up', origin, why: '', sinceMs: null }, key, sources),
    )
  }
  if (way === 'http-to') {
    return [...known(picture.nodes, 'http-to'), ...known(picture.fallbackNodes, 'http-fallback')]
  }
  const backend = picture.backends.find(each => each.key === key)
  const members = [...(announced?.nodes(key) ?? [])].map(member => whyNode(member, key, sources))
  return [...known(backend?.nodes ?? [], 'backend'), ...members]
}

function whyNode(member: WhyMember, key: string, { totals, failingCheck, now }: WhySources): WhyNode {
  const { picture, origin } = member
  const { name, weight, backup = 0, limit = 0 } = picture
  const total = totals.node(name)
  const { inHand, latencyMs, lastMinute, requests, failures } = total
  return {
    name: key === '' ? name : name.slice(key.length + 1),
    origin,
    ...standing(member, total, unresolved(picture) ?? failingCheck(name), now),
    weight,
    backup,
    limit,
    inHand,
    latencyMs,
    lastMinute,
    share: 0,
    requests,
    failures,
  }
}

function unresolved({ endpoint }: NodePicture): WhyTrouble | null {
  if (endpoint.kind === 'unix' || endpoint.addresses.length > 0) return null
  return { why: 'its name does not resolve', sinceMs: null }
}

type Standing = Pick<WhyNode, 'state' | 'sinceMs' | 'endsInMs' | 'why'>

// What keeps it from serving goes before what is merely to be known.
function standing(
  { state, sinceMs, why }: WhyMember,
  { restsSince, restsUntil, cause, since }: NodeTotal,
  check: WhyTrouble | null,
  now: number,
): Standing {
  if (state === 'waiting' || state === 'draining') return { state, sinceMs, endsInMs: null, why }
  if (check !== null) return { state: 'failing', sinceMs: check.sinceMs, endsInMs: null, why: check.why }
  if (restsUntil > now) {
    return { state: 'resting', sinceMs: now - restsSince, endsInMs: restsUntil - now, why: cause }
  }
  if (state === 'unheard') return { state, sinceMs, endsInMs: null, why }
  const rested = restsUntil === 0 ? '' : cause === '' ? 'it rested before' : `it rested before: ${cause}`
  const from = Math.max(since, restsUntil)
  return { state, sinceMs: from === 0 ? sinceMs : now - from, endsInMs: null, why: why === '' ? rested : why }
}

function allKeys({ picture, announced }: WhySources): string[] {
  return [...new Set([...picture.backends.map(({ key }) => key), ...(announced?.keys ?? [])])].sort()
}
