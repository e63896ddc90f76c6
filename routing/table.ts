// routing/table.ts: the immutable picture key -> backend, swapped whole. Here subscription and gateway meet.

import { isRuleKey, MOST_LABELS, nameOf, readKey } from '../base/table-key.ts'
import type { Backend } from './backend.ts'

// All keys of one host. Shared by the tables that came after one another, so never changed once a table is out.
interface Host {
  root: Backend | null
  /** By path, "/api"; null: none, as of most hosts. */
  paths: Map<string, Backend> | null
  /** Segments of the longest path there ever was: how deep to look. */
  deepest: number
}

/**
 * A request asks for `host:port`, then `host`, then each wildcard from the longest to the shortest (with the port, then
 * without), and of the first of these that serves its path the longest path. How many places are looked at depends on the
 * kinds of keys in the table and is bounded, not on how many there are: two for a table of plain names; at worst
 * (2 + 2 * 16) hosts of 1 + 8 paths.
 */
export class Table {
  readonly #byKey: ReadonlyMap<string, Backend>
  readonly #hosts: Map<string, Host>
  readonly #rest: Backend | null
  readonly #fallbackKey: string
  readonly #fallback: Backend | null
  /** Whether a look-up needs the path: some key has one, or had. */
  readonly hasPaths: boolean
  // How many wildcards have n labels, and (at 0) how many a port.
  readonly #wildcards: Int32Array
  #labels = 0 // bit n: there are wildcards of n labels

  /**
   * @param byKey backends by key (see table-key.ts); a key that no request could find is not looked at
   * @param rest serves every key that is not there: the static nodes (http-to)
   * @param fallbackKey serves requests whose own backend is missing or has no node in service, before `rest`; '' for none
   * @param before the table that this one comes of, and what changed since (see {@link with})
   */
  constructor(
    byKey: ReadonlyMap<string, Backend>,
    rest: Backend | null,
    fallbackKey = '',
    before: { readonly table: Table; readonly changes: ReadonlyMap<string, Backend | null> } | null = null,
  ) {
    this.#byKey = byKey
    this.#rest = rest
    this.#fallbackKey = fallbackKey
    this.#fallback = byKey.get(fallbackKey) ?? null
    this.#hosts = new Map(before === null ? [] : before.table.#hosts)
    this.#wildcards = before === null ? new Int32Array(MOST_LABELS + 1) : before.table.#wildcards.slice()
    const own = new Set<Host>() // made here, so free to change
    let hasPaths = before?.table.hasPaths ?? false
    for (const [key, backend] of before?.changes ?? byKey) {
      this.#put(key, backend, own)
      if (backend !== null && key.includes('/') && !isRuleKey(key)) hasPaths = true
    }
    this.hasPaths = hasPaths
    for (let labels = 1; labels <= MOST_LABELS; labels++) {
      if (this.#wildcards[labels]! > 0) this.#labels |= 1 << labels
    }
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0 && this.#rest === null
  }

  /** True when the key does not matter, so that a caller need not make its text. */
  get hasOnlyRest(): boolean {
    return this.#byKey.size === 0
  }

  /** Whether a look-up needs to know the time: some key stands in for those that have no node in service. */
  get hasFallback(): boolean {
    return this.#fallback !== null
  }

  get rest(): Backend | null {
    return this.#rest
  }

  /** Its backends by key, as written. */
  get backends(): ReadonlyMap<string, Backend> {
    return this.#byKey
  }

  /**
   * A table with some keys changed, all else the same. It costs a copy of two maps, not a reading of all keys.
   *
   * @param changes null: nobody serves the key any more
   */
  with(changes: ReadonlyMap<string, Backend | null>): Table {
    const byKey = new Map(this.#byKey)
    for (const [key, backend] of changes) {
      if (backend === null) byKey.delete(key)
      else byKey.set(key, backend)
    }
    return new Table(byKey, this.#rest, this.#fallbackKey, { table: this, changes })
  }

  /** The same keys with another rest and fallback key. */
  withRest(rest: Backend | null, fallbackKey: string): Table {
    return new Table(this.#byKey, rest, fallbackKey, { table: this, changes: new Map() })
  }

  /**
   * @param host as sent, in lower case, with its port or without
   * @param path decoded, begins with '/'; '' when the request has none
   * @param now milliseconds; not given: a backend without nodes in service is as good as any
   * @returns null: nobody serves it
   */
  find(host: string, path = '', now = -1): Backend | null {
    if (this.#byKey.size === 0) return this.#rest
    const own = this.#own(host, path)
    const fallback = this.#fallback
    if (own === null) return fallback ?? this.#rest
    if (fallback === null || now < 0 || own.isServing(now)) return own
    return fallback.isServing(now) ? fallback : own
  }

  /**
   * The backend that serves a key in a rule's words: one of just that key, else as for a request of that host and path.
   *
   * @returns null: nobody serves it; the rest is for hosts only
   */
  findKey(key: string, now: number): Backend | null {
    const exact = this.#byKey.get(key)
    const fallback = this.#fallback
    if (exact !== undefined && (fallback === null || exact.isServing(now))) return exact
    const { host, path } = readKey(key) ?? { host: '', path: '' }
    const found = exact ?? this.#own(host, path)
    if (fallback === null || found?.isServing(now)) return found
    return found === null || fallback.isServing(now) ? fallback : found
  }

  #own(host: string, path: string): Backend | null {
    const exact = this.#at(host, path)
    if (exact !== null) return exact
    const name = nameOf(host)
    const byName = name.length < host.length ? this.#at(name, path) : null
    return byName ?? (this.#labels === 0 ? null : this.#byWildcard(host, name, path))
  }

  // From the longest: the first dot that leaves no more labels than any wildcard has.
  #byWildcard(host: string, name: string, path: string): Backend | null {
    let dot = name.length
    let labels = 0
    for (; labels < MOST_LABELS; labels++) {
      const before = dot > 1 ? name.lastIndexOf('.', dot - 1) : -1
      if (before < 1) break
      dot = before
    }
    for (; labels > 0; labels--, dot = name.indexOf('.', dot + 1)) {
      if ((this.#labels & (1 << labels)) === 0) continue
      const withPort =
        this.#wildcards[0]! > 0 && name.length < host.length ? this.#at(host.slice(dot), path) : null
      const found = withPort ?? this.#at(name.slice(dot), path)
      if (found !== null) return found
    }
    return null
  }

  #at(host: string, path: string): Backend | null {
    const known = this.#hosts.get(host)
    if (known === undefined) return null
    return known.paths === null ? known.root : (byPath(known.paths, known.deepest, path) ?? known.root)
  }

  #put(key: string, backend: Backend | null, own: Set<Host>): void {
    const read = readKey(key)
    if (read === null) return
    const { host, path, segments, labels, hasPort } = read
    const known = this.#hosts.get(host)
    const entry = known !== undefined && own.has(known) ? known : copyOf(known)
    own.add(entry)
    if (path === '') entry.root = backend
    else if (backend === null) entry.paths?.delete(path)
    else {
      entry.paths ??= new Map()
      entry.paths.set(path, backend)
    }
    entry.deepest = Math.max(entry.deepest, segments)
    const isEmpty = entry.root === null && (entry.paths?.size ?? 0) === 0
    if (isEmpty) this.#hosts.delete(host)
    else this.#hosts.set(host, entry)
    const change = (isEmpty ? 0 : 1) - (known === undefined ? 0 : 1)
    if (labels === 0 || change === 0) return
    this.#wildcards[labels]! += change
    if (hasPort) this.#wildcards[0]! += change
  }
}

function copyOf(host: Host | undefined): Host {
  if (host === undefined) return { root: null, paths: null, deepest: 0 }
  const { root, paths, deepest } = host
  return { root, paths: paths === null || paths.size === 0 ? null : new Map(paths), deepest }
}

// "/a/b/c" with paths two segments deep: "/a/b", then "/a". A slash at the end makes no segment.
function byPath(paths: ReadonlyMap<string, Backend>, deepest: number, path: string): Backend | null {
  if (path === '' || path === '/') return null
  let end = 0
  for (let segments = 0; segments < deepest && end >= 0 && end < path.length; segments++) {
    const next = path.indexOf('/', end + 1)
    end = next < 0 ? path.length : next
  }
  for (; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const found = paths.get(end === path.length ? path : path.slice(0, end))
    if (found !== undefined) return found
  }
  return null
}
