// gateway/rules/question.ts: an exchange that waits for what a rule asked for. An answer to a request that is over by the time
// it comes is dropped: on the same connection another request may wait for another answer.
import type { Asking } from '../asks/ask.ts'
import { guard } from '../boundary.ts'
import type { Exchange } from '../exchange.ts'

export class Question implements Asking {
  readonly #exchange: Exchange
  readonly #ticket: number

  constructor(exchange: Exchange, ticket: number) {
    this.#exchange = exchange
    this.#ticket = ticket
  }

  get client(): string {
    return this.#exchange.client
  }

  resume(answer: unknown): void {
    guard('rules', this.#exchange.connection, () => this.#exchange.resume(this.#ticket, answer))
  }
}
