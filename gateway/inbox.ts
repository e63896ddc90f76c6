// gateway/inbox.ts: what the master says, in its order. Rules come in parts, as megabytes of them would stop all traffic while
// they are read: one part is read in a turn of the loop, and what comes behind them waits. So it does while the code is loaded
// that runs rules, when a gateway is told of the first.
import { deserialize } from 'node:v8'
import type { ToGateway } from '../base/messages.ts'
import { Joining, type RulesPiece } from '../base/rules-parts.ts'
import type { ChainName, HeaderEdit, RulePicture } from '../base/rules-picture.ts'

type Part = Extract<ToGateway, { kind: 'rules-part' }>
type Whole = Exclude<ToGateway, { kind: 'rules-part' }>

/** What only that code can understand. */
const OF_RULES: ReadonlySet<ToGateway['kind']> = new Set(['rules-part', 'rules', 'nets'])

export class Inbox {
  readonly #receive: (message: Whole) => void
  readonly #loadRuleCode: () => Promise<void>
  readonly #waiting: ToGateway[] = []
  #rules = new Gathered()
  #hasRuleCode = false

  /** @param loadRuleCode called once, before the first message of rules is received; never rejects */
  constructor(receive: (message: Whole) => void, loadRuleCode: () => Promise<void>) {
    this.#receive = receive
    this.#loadRuleCode = loadRuleCode
  }

  take(message: ToGateway): void {
    if (this.#waiting.length === 0 && message.kind !== 'rules-part' && !this.#lacksCodeFor(message))
      this.#receive(message)
    else if (this.#waiting.push(message) === 1) this.#goOnSoon()
  }

  #goOnSoon(): void {
    if (this.#lacksCodeFor(this.#waiting[0]!)) {
      void this.#loadRuleCode().then(() => {
        this.#hasRuleCode = true
        this.#goOnSoon()
      })
    } else setImmediate(() => this.#goOn())
  }

  #lacksCodeFor({ kind }: ToGateway): boolean {
    return !this.#hasRuleCode && OF_RULES.has(kind)
  }

  #goOn(): void {
    const message = this.#waiting[0]!
    if (message.kind === 'rules-part') this.#gather(message)
    else this.#receive(message)
    this.#waiting.shift()
    if (this.#waiting.length > 0) this.#goOnSoon()
  }

  #gather({ id, bytes, isLast }: Part): void {
    this.#rules.add(deserialize(bytes) as RulesPiece)
    if (!isLast) return
    const { chains, headers, metrics } = this.#rules
    this.#rules = new Gathered()
    this.#receive({ kind: 'rules', rules: { id, chains, headers, metrics } })
  }
}

class Gathered {
  readonly chains: Partial<Record<ChainName, { readonly rules: RulePicture[]; readonly index: unknown }>> = {}
  headers: readonly HeaderEdit[] = []
  metrics: readonly string[] = []
  #index = new Joining(null)

  add({ headers, metrics, chain, index, slice, rules }: RulesPiece): void {
    if (headers !== undefined) this.headers = headers
    if (metrics !== undefined) this.metrics = metrics
    if (chain === undefined) return
    if (slice !== undefined) this.#index.add(slice)
    if (this.chains[chain] === undefined) {
      this.#index = new Joining(index)
      this.chains[chain] = { rules: [], index: this.#index.index }
    }
    if (rules !== undefined) this.chains[chain].rules.push(...rules)
  }
}
