// routing/table-builder.ts: makes each table from the one before and what changed. What did not change is not touched:
// its backends stay the same objects, with their turns, and its nodes, with their health and counters.
import type { NodePicture } from '../base/picture.ts'
import { readKey } from '../base/table-key.ts'
import { Backend, type BackendRules, DEFAULT_RULES } from './backend.ts'
import { HealthMemory } from './health-memory.ts'
import { Node } from './node.ts'
import type { Table } from './table.ts'

/** What changed for one key. The nodes in `gone` leave before those in `nodes` come or change. */
export interface KeyChange {
  readonly key: string
  /** New to the key, at the end of its list in this order; or known by name: then it keeps its place. */
  readonly nodes: readonly NodePicture[]
  /** Names of nodes. */
  readonly gone: readonly string[]
  /** How it is balanced from now on; not given: as before. */
  readonly rules?: BackendRules
}

export interface TableChange {
  /** The very table of before when no key came or went: backends are live. */
  readonly table: Table
  readonly joined: readonly Node[]
  /** They drain: gone at once, or with the last exchange that they have in hand. */
  readonly left: readonly Node[]
  /** Keys that no request could find (see table-key.ts): left out. */
  readonly refused: readonly string[]
}

interface Group {
  readonly nodes: Map<string, Node> // by name, in order of announcement
  backend: Backend | null
  rules: BackendRules
}

/**
 * Deterministic: the keys, the nodes of each and their order depend on the changes and their order alone, not on how they
 * were gathered into batches. A batch costs a step for each node of the keys that it names, and a copy of the table's map
 * when a key came or went: gather changes for as long as they may stay unseen.
 */
export class TableBuilder {
  readonly #groups = new Map<string, Group>()
  readonly #memory = new HealthMemory()
  readonly #rules: BackendRules
  #table: Table

  /**
   * @param start of other keys, or empty: carries the rest and the fallback key
   * @param rules of keys that have none of their own
   */
  constructor(start: Table, rules: BackendRules = DEFAULT_RULES) {
    this.#table = start
    this.#rules = rules
  }

  get table(): Table {
    return this.#table
  }

  /** @param now milliseconds, in the clock that nodes rest by */
  apply(changes: readonly KeyChange[], now: number): TableChange {
    const joined: Node[] = []
    const left: Node[] = []
    const refused: string[] = []
    const touched = new Map<string, Group>()
    for (const change of changes) {
      const read = readKey(change.key)
      if (read === null) {
        refused.push(change.key)
        continue
      }
      const key = read.host + read.path
      touched.set(key, this.#change(key, change, now, joined, left))
    }
    const keys = new Map<string, Backend | null>()
    for (const [key, group] of touched) this.#settle(key, group, keys)
    if (keys.size > 0) this.#table = this.#table.with(keys)
    return { table: this.#table, joined, left, refused }
  }

  #change(key: string, change: KeyChange, now: number, joined: Node[], left: Node[]): Group {
    const group = this.#groups.get(key) ?? { nodes: new Map(), backend: null, rules: this.#rules }
    this.#groups.set(key, group)
    group.rules = change.rules ?? group.rules
    for (const name of change.gone) {
      const node = group.nodes.get(name)
      if (node === undefined) continue
      group.nodes.delete(name)
      left.push(this.#letGo(node, now))
    }
    for (const picture of change.nodes) {
      const known = group.nodes.get(picture.name)
      if (known !== undefined && known.proto === picture.proto) {
        known.update(picture)
        continue
      }
      if (known !== undefined) left.push(this.#letGo(known, now))
      const node = this.#join(picture, now)
      if (group.backend !== null) node.startSlowly(now)
      group.nodes.set(picture.name, node)
      joined.push(node)
    }
    return group
  }

  #join(picture: NodePicture, now: number): Node {
    const record = this.#memory.take(picture.name, now)
    const node = new Node(picture, record?.health)
    if (record !== undefined && record.restsUntil > now) node.restUntil(record.restsUntil)
    return node
  }

  #letGo(node: Node, now: number): Node {
    this.#memory.keep(node, now)
    node.drain()
    return node
  }

  // A key whose last node went is forgotten; one that got its first is new to the table.
  #settle(key: string, group: Group, keys: Map<string, Backend | null>): void {
    const nodes = [...group.nodes.values()]
    if (group.backend !== null) group.backend.renew(nodes, [], group.rules)
    if (nodes.length === 0) {
      this.#groups.delete(key)
      if (group.backend !== null) keys.set(key, null)
    } else if (group.backend === null) {
      group.backend = new Backend(nodes, [], group.rules)
      keys.set(key, group.backend)
    }
  }
}
