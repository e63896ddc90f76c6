// gateway/rules/asking.ts: an exchange that waits for what a rule asked for. Whoever fulfils the ask answers here, at once or
// later: an answer to a request that is over by then is dropped.
import type { Run } from '../../routing/rules/run.ts'
import { guard } from '../boundary.ts'
import type { Exchange } from '../exchange.ts'

export class Asking {
  readonly exchange: Exchange
  readonly #ticket: number

  constructor(exchange: Exchange, ticket: number) {
    this.exchange = exchange
    this.#ticket = ticket
  }

  get run(): Run {
    return this.exchange.passage!.run
  }

  /** Address of the client, behind trusted proxies. */
  get client(): string {
    return this.exchange.client
  }

  /** Goes on with the rules. Twice is harmless. */
  resume(answer: unknown): void {
    guard('rules', this.exchange.connection, () => this.exchange.resume(this.#ticket, answer))
  }
}
