// gateway/directory.ts: who serves what, as this gateway was told: the nodes of the picture and those that announced
// themselves, in one table.
import type { NodeRest, Verdict } from '../base/messages.ts'
import type { BalancePicture, KeyPicture, Picture } from '../base/picture.ts'
import type { Policy } from '../base/policy.ts'
import { type BackendRules, DEFAULT_RULES } from '../routing/backend.ts'
import { lots } from '../routing/balance/lots.ts'
import type { Node } from '../routing/node.ts'
import { policyOf } from '../routing/policy-of.ts'
import type { Table } from '../routing/table.ts'
import { type RulesOf, TableBuilder, type TableChange } from '../routing/table-builder.ts'
import { reportDefect } from './boundary.ts'

/** Nodes that one turn of the loop takes in: some milliseconds. */
const MOST_AT_ONCE = 2_000

export class Directory {
  /** Another one for each table: what was found in an older one must be looked for again. */
  version = 0
  readonly #builder: TableBuilder
  readonly #now: () => number
  readonly #onChange: (change: TableChange) => void
  readonly #random = lots(process.pid)
  readonly #known = new Map<string, BackendRules>() // by their text
  #waiting: KeyPicture[] = []
  #isWaiting = false

  /**
   * @param now the clock that nodes rest by
   * @param onChange called when nodes came, changed or left
   */
  constructor(now: () => number, onChange: (change: TableChange) => void) {
    this.#now = now
    this.#onChange = onChange
    this.#builder = new TableBuilder()
  }

  get table(): Table {
    return this.#builder.table
  }

  get nodes(): ReadonlyMap<string, Node> {
    return this.#builder.nodes
  }

  /**
   * Takes in a picture: its static nodes, and how every key is balanced.
   *
   * @param announced with the first picture: all nodes that announced themselves before
   */
  configure(picture: Picture, announced: readonly KeyPicture[] = []): void {
    const { backends, nodes, fallbackNodes, fallbackKey } = picture
    const rulesOf = this.#rulesOf(picture)
    const statics = { backends, nodes, fallbackNodes, fallbackKey, rulesOf }
    this.#changed(this.#builder.configure(statics, this.#now(), announced))
  }

  /** What changed of announced nodes. Much at once is taken in over some turns of the loop, in order. */
  announce(keys: readonly KeyPicture[]): void {
    for (const key of keys) this.#waiting.push(key)
    if (!this.#isWaiting) this.#takeIn()
  }

  rest(rests: readonly NodeRest[]): void {
    for (const { name, ms } of rests) this.#builder.rest(name, this.#now() + ms)
  }

  judge(verdicts: readonly Verdict[]): void {
    for (const { name, isWell } of verdicts) this.#builder.judge(name, isWell)
  }

  #takeIn(): void {
    const seen = new Set<string>()
    let cost = 0
    let count = 0
    while (count < this.#waiting.length && (count === 0 || cost < MOST_AT_ONCE)) {
      const { key, nodes, gone } = this.#waiting[count++]!
      cost += nodes.length + gone.length + (seen.has(key) ? 0 : this.#builder.sizeOf(key))
      seen.add(key)
    }
    const keys = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    this.#isWaiting = this.#waiting.length > 0
    if (this.#isWaiting) setImmediate(() => this.#goOn())
    this.#changed(this.#builder.apply(keys, this.#now()))
  }

  #goOn(): void {
    try {
      this.#takeIn()
    } catch (error) {
      reportDefect('table', error)
    }
  }

  #changed(change: TableChange): void {
    this.version++
    this.#onChange(change)
  }

  #rulesOf(picture: Picture): RulesOf {
    const lines = new Map(picture.balances.map(line => [line.key, line]))
    const all = lines.get('*')
    return (key, algo) => {
      const line = lines.get(key) ?? all
      return this.#rules(line, policyOf(key, line, algo, picture.policy).policy)
    }
  }

  // The same rules are the same object, so that a new picture shows what it changes.
  #rules(line: BalancePicture | undefined, policy: Policy): BackendRules {
    const { key: _, ...ways } = line ?? { key: '' }
    const rules = { ...DEFAULT_RULES, ...ways, policy, random: this.#random }
    const text = JSON.stringify(rules)
    const known = this.#known.get(text)
    if (known !== undefined) return known
    this.#known.set(text, rules)
    return rules
  }
}
