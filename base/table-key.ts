// base/table-key.ts: how a key is written, and what it says of the requests it serves.
// shop.example  shop.example:8443  .shop.example (every name below it)  any of them with a path: shop.example/api

/** Deepest path of a key, in segments, and most labels of a wildcard: what bounds the probes of a look-up. */
export const MOST_SEGMENTS = 8
export const MOST_LABELS = 16

export interface TableKey {
  /** In lower case, with the port if the key has one: "shop.example", ".shop.example:8443", "[::1]". */
  readonly host: string
  /** '' or "/api/v1": no slash at the end. */
  readonly path: string
  /** Of the path. */
  readonly segments: number
  /** Labels of a wildcard: 2 for ".shop.example"; 0: none. */
  readonly labels: number
  readonly hasPort: boolean
}

/**
 * @returns null for a key that no look-up would find: too deep, without a host, or one that only rules lead to
 * ({@link ruleKey})
 */
export function readKey(text: string): TableKey | null {
  if (isRuleKey(text)) return null
  const slash = text.indexOf('/')
  const host = (slash < 0 ? text : text.slice(0, slash)).toLowerCase()
  const path = slash < 0 ? '' : text.slice(slash).replace(/\/+$/, '')
  const segments = path === '' ? 0 : path.split('/').length - 1
  const name = nameOf(host)
  const labels = name.startsWith('.') ? name.split('.').length - 1 : 0
  if (name === '' || name === '.' || segments > MOST_SEGMENTS || labels > MOST_LABELS) return null
  return { host, path, segments, labels, hasPort: name.length < host.length }
}

/**
 * Key of a backend that a rule names by its address. No Host field holds a blank, so no request finds it by itself.
 *
 * @param node its name: "http://10.0.0.7:3000"
 */
export function ruleKey(node: string): string {
  return `rule ${node}`
}

export function isRuleKey(key: string): boolean {
  return /^rule /i.test(key)
}

/** The host in lower case, a path behind it as it is; for keys and for patterns of them. */
export function lowerHost(key: string): string {
  const slash = key.indexOf('/')
  return slash < 0 ? key.toLowerCase() : key.slice(0, slash).toLowerCase() + key.slice(slash)
}

/** A host without its port. The colons of a bracketed IPv6 address are none. */
export function nameOf(host: string): string {
  const colon = host.lastIndexOf(':')
  return colon > 0 && !host.endsWith(']') ? host.slice(0, colon) : host
}
