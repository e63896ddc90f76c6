// routing/table-builder.ts: makes each table from the one before and what changed. What did not change is not touched:
// its backends stay the same objects, with their turns, and its nodes, with their health and counters.
import type { BackendPicture, KeyPicture, NodePicture } from '../base/picture.ts'
import { isRuleKey, readKey } from '../base/table-key.ts'
import { Backend, type BackendRules, DEFAULT_RULES } from './backend.ts'
import { HealthMemory } from './health-memory.ts'
import { Node } from './node.ts'
import { Table } from './table.ts'

/** Nodes found unwell that are remembered while they are not there; beyond, who was found first is forgotten. */
const MOST_UNWELL = 20_000

/**
 * How a key is balanced; the same object for the same rules.
 *
 * @param key '': the rest, which has none
 * @param algo as the packet asked that made the key, '' if it did not
 */
export type RulesOf = (key: string, algo: string) => BackendRules

/** What the config says of nodes; what it does not name leaves. */
export interface StaticNodes {
  readonly backends: readonly BackendPicture[]
  /** The rest: of all hosts that nobody else serves, and those tried once none of these is left. */
  readonly nodes: readonly NodePicture[]
  readonly fallbackNodes: readonly NodePicture[]
  readonly fallbackKey: string
  readonly rulesOf: RulesOf
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

type Change = { -readonly [P in keyof TableChange]: TableChange[P] } & { joined: Node[]; left: Node[] }

interface Group {
  readonly key: string
  /** Of the config; they come first, and one of them stands for an announced one of its name. */
  statics: readonly NodePicture[]
  fallback: readonly NodePicture[]
  readonly announced: Map<string, NodePicture> // in order of announcement
  nodes: Map<string, Node> // of all of them, in their order
  backend: Backend | null
  rules: BackendRules
  algo: string
}

/**
 * Deterministic: the keys, the nodes of each and their order depend on the changes and their order alone, not on how they
 * were gathered into batches. A batch costs a step for each node of the keys that it names, and a copy of the table's map
 * when a key came or went: gather changes for as long as they may stay unseen.
 */
export class TableBuilder {
  readonly #groups = new Map<string, Group>()
  readonly #nodes = new Map<string, Node>() // by name
  readonly #unwell = new Set<string>() // names, in the order they were found so
  readonly #memory = new HealthMemory()
  readonly #rest: Group
  #statics = new Map<string, readonly NodePicture[]>() // by key
  #rulesOf: RulesOf
  #table = new Table(new Map(), null)
  #fallbackKey = ''

  constructor(rulesOf: RulesOf = () => DEFAULT_RULES) {
    this.#rulesOf = rulesOf
    this.#rest = emptyGroup('', rulesOf('', ''))
  }

  get table(): Table {
    return this.#table
  }

  /** Every node that is there. */
  get nodes(): ReadonlyMap<string, Node> {
    return this.#nodes
  }

  /** How many nodes serve this key. */
  sizeOf(key: string): number {
    return this.#groups.get(key)?.nodes.size ?? 0
  }

  /** Announced nodes came, changed or left. @param now milliseconds, in the clock that nodes rest by */
  apply(changes: readonly KeyPicture[], now: number): TableChange {
    const refused: string[] = []
    return this.#settleAll(this.#announceAll(changes, refused), now, refused)
  }

  /**
   * The config in whole, again at each change of it. Groups that it leaves as they are are not touched.
   *
   * @param announced as for {@link apply}, at the same time: nodes that are there from the start do not start slowly
   */
  configure(
    { backends, nodes, fallbackNodes, fallbackKey, rulesOf }: StaticNodes,
    now: number,
    announced: readonly KeyPicture[] = [],
  ): TableChange {
    this.#rulesOf = rulesOf
    const refused: string[] = []
    const touched = this.#announceAll(announced, refused)
    const statics = new Map<string, readonly NodePicture[]>()
    for (const { key, nodes } of backends) {
      const whole = isRuleKey(key) ? key : wholeKey(key)
      if (whole === null) refused.push(key)
      else statics.set(whole, nodes)
    }
    for (const key of new Set([...this.#statics.keys(), ...statics.keys()])) {
      const group = this.#groupOf(key)
      const wanted = statics.get(key) ?? []
      if (group.nodes.size > 0 && isSame(group.statics, wanted)) continue
      group.statics = wanted
      touched.add(group)
    }
    this.#statics = statics
    for (const group of this.#groups.values()) if (this.#takesRules(group)) touched.add(group)
    const hadRest = this.#table.rest
    const change = this.#settleAll(touched, now, refused)
    this.#settleRest(nodes, fallbackNodes, now, change)
    const rest = this.#rest.nodes.size === 0 ? null : this.#rest.backend
    if (rest !== hadRest || fallbackKey !== this.#fallbackKey) {
      this.#fallbackKey = fallbackKey
      this.#table = this.#table.withRest(rest, wholeKey(fallbackKey) ?? '')
    }
    change.table = this.#table
    return change
  }

  /** Others found out that it fails. Harmless for a name that nobody has. */
  rest(name: string, until: number): void {
    this.#nodes.get(name)?.restUntil(until)
  }

  /** What a check found of the node of this name, who is there or comes later. */
  judge(name: string, isWell: boolean): void {
    this.#nodes.get(name)?.judge(isWell)
    this.#unwell.delete(name)
    if (isWell) return
    this.#unwell.add(name)
    if (this.#unwell.size <= MOST_UNWELL) return
    for (const first of this.#unwell) return void this.#unwell.delete(first)
  }

  #groupOf(key: string): Group {
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const group = emptyGroup(key, this.#rulesOf(key, ''))
    this.#groups.set(key, group)
    return group
  }

  #takesRules(group: Group): boolean {
    const rules = this.#rulesOf(group.key, group.algo)
    if (rules === group.rules) return false
    group.rules = rules
    return true
  }

  #announceAll(changes: readonly KeyPicture[], refused: string[]): Set<Group> {
    const touched = new Set<Group>()
    for (const change of changes) {
      const key = wholeKey(change.key)
      if (key === null) refused.push(change.key)
      else touched.add(this.#announce(this.#groupOf(key), change))
    }
    return touched
  }

  #announce(group: Group, { algo, nodes, gone }: KeyPicture): Group {
    for (const name of gone) group.announced.delete(name)
    for (const node of nodes) {
      group.announced.set(node.name, node)
      group.nodes.get(node.name)?.announced()
    }
    const asked = group.announced.size === 0 ? '' : algo || group.algo
    if (asked !== group.algo) {
      group.algo = asked
      this.#takesRules(group)
    }
    return group
  }

  #settleAll(touched: ReadonlySet<Group>, now: number, refused: readonly string[]): Change {
    const change: Change = { table: this.#table, joined: [], left: [], refused }
    const keys = new Map<string, Backend | null>()
    for (const group of touched) this.#settle(group, keys, now, change)
    if (keys.size > 0) change.table = this.#table = this.#table.with(keys)
    return change
  }

  // A key whose last node went is forgotten; one that got its first is new to the table.
  #settle(group: Group, keys: Map<string, Backend | null>, now: number, change: Change): void {
    const { key } = group
    this.#seat(group, now, change)
    const nodes = [...group.nodes.values()]
    group.backend?.renew(nodes, [], group.rules)
    if (nodes.length === 0) {
      this.#groups.delete(key)
      if (group.backend !== null) keys.set(key, null)
    } else if (group.backend === null) {
      group.backend = new Backend(nodes, [], group.rules, key)
      keys.set(key, group.backend)
    }
  }

  #settleRest(
    nodes: readonly NodePicture[],
    fallback: readonly NodePicture[],
    now: number,
    change: Change,
  ): void {
    const rest = this.#rest
    const isChanged = this.#takesRules(rest) || !isSame([rest.statics, rest.fallback], [nodes, fallback])
    rest.statics = nodes
    rest.fallback = fallback
    if (!isChanged) return
    this.#seat(rest, now, change)
    const ordinary = nodes.map(({ name }) => rest.nodes.get(name)!)
    const last = fallback.map(({ name }) => rest.nodes.get(name)!)
    if (rest.backend === null) rest.backend = new Backend(ordinary, last, rest.rules)
    else rest.backend.renew(ordinary, last, rest.rules)
  }

  // Gives the group the nodes that its pictures name, in their order. A node whose name stays keeps its object.
  #seat(group: Group, now: number, change: Change): void {
    const before = group.nodes
    const nodes = new Map<string, Node>()
    group.nodes = nodes
    for (const picture of group.statics) this.#place(picture, group, before, now, change)
    for (const picture of group.fallback) this.#place(picture, group, before, now, change)
    for (const picture of group.announced.values()) this.#place(picture, group, before, now, change)
    for (const node of before.values()) change.left.push(this.#letGo(node, now))
  }

  // Who has a place again is taken out of `before`.
  #place(picture: NodePicture, group: Group, before: Map<string, Node>, now: number, change: Change): void {
    const { name } = picture
    if (group.nodes.has(name)) return
    const known = before.get(name)
    before.delete(name)
    if (known !== undefined && known.proto === picture.proto) {
      known.update(picture)
      group.nodes.set(name, known)
      return
    }
    if (known !== undefined) change.left.push(this.#letGo(known, now))
    const node = this.#join(picture, now)
    if (group.backend !== null) node.startSlowly(now)
    group.nodes.set(name, node)
    change.joined.push(node)
  }

  #join(picture: NodePicture, now: number): Node {
    const record = this.#memory.take(picture.name, now)
    const node = new Node(picture, record?.health)
    if (record !== undefined && record.restsUntil > now) {
      node.restUntil(record.restsUntil)
      node.needsTrial()
    }
    if (this.#unwell.has(picture.name)) node.judge(false)
    this.#nodes.set(picture.name, node)
    return node
  }

  #letGo(node: Node, now: number): Node {
    if (this.#nodes.get(node.name) === node) this.#nodes.delete(node.name)
    this.#memory.keep(node, now)
    node.drain()
    return node
  }
}

function emptyGroup(key: string, rules: BackendRules): Group {
  return {
    key,
    statics: [],
    fallback: [],
    announced: new Map(),
    nodes: new Map(),
    backend: null,
    rules,
    algo: '',
  }
}

// As all of a key's texts are compared: its host in lower case, no slash at the end.
function wholeKey(key: string): string | null {
  const read = readKey(key)
  return read === null ? null : read.host + read.path
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
