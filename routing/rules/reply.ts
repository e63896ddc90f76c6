// routing/rules/reply.ts: an answer that rules make themselves.
import type { AnswerSource, RequestSource } from './source.ts'

/** Of one exchange, used again; `status` 0: nothing was produced yet. */
export class Reply {
  status = 0
  /** '': the registry's phrase. */
  reason = ''
  /** "Name: value", without line ends; framing, Date and Connection are the gateway's. */
  fields: string[] = []
  /** One character a byte. */
  body = ''
  /** The connection ends with it (break). */
  closes = false
  /** Bytes of the body were written: it is the answer, whatever the following rules say. */
  isBegun = false

  reset(): void {
    this.status = 0
    this.reason = this.body = ''
    if (this.fields.length > 0) this.fields = []
    this.closes = this.isBegun = false
  }
}

/** A reply as the error, the response and the final chain see it. */
export class ReplySource implements AnswerSource {
  readonly #reply: Reply
  readonly #source: RequestSource

  constructor(reply: Reply, source: RequestSource) {
    this.#reply = reply
    this.#source = source
  }

  get status(): number {
    return this.#reply.status
  }

  get sent(): number {
    return this.#source.read('REQUEST_METHOD') === 'HEAD' ? 0 : this.#reply.body.length
  }

  header(name: string): string | undefined {
    let all: string | undefined
    for (const line of this.#reply.fields) {
      if (nameIn(line) !== name) continue
      const value = line.slice(name.length + 1).trimStart()
      all = all === undefined ? value : `${all}, ${value}`
    }
    return all
  }
}

/** Name of a "Name: value" line, in lower case; '' when it has none. */
export function nameIn(line: string): string {
  const colon = line.indexOf(':')
  return colon < 0 ? '' : line.slice(0, colon).toLowerCase()
}
