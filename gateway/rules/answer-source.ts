// gateway/rules/answer-source.ts: what rules read of an answer: a node's, while its head is here, or one of our own. Each
// exchange that meets rules has one, used again.
import type { AnswerSource } from '../../routing/rules/source.ts'
import type { OwnAnswer } from '../answers.ts'
import type { ResponseHead } from '../http1/response-head.ts'

const NOTHING: Buffer = Buffer.alloc(0)

export class HeadAnswer implements AnswerSource {
  status = 0
  readonly #sent: { readonly bodyBytes: number }
  #head: ResponseHead | null = null
  #bytes: Buffer = NOTHING
  #own: OwnAnswer | null = null

  /** @param sent counts what went to the client */
  constructor(sent: { readonly bodyBytes: number }) {
    this.#sent = sent
  }

  get sent(): number {
    return this.#sent.bodyBytes
  }

  /** @param head of `bytes`, valid until {@link HeadAnswer.leave} */
  showNodes(head: ResponseHead, bytes: Buffer): void {
    this.status = head.code
    this.#head = head
    this.#bytes = bytes
    this.#own = null
  }

  showOwn(answer: OwnAnswer): void {
    this.status = answer.status
    this.#head = null
    this.#own = answer
  }

  /** Its head is gone: rules still know the status. */
  leave(): void {
    this.#head = null
    this.#own = null
    this.#bytes = NOTHING
  }

  header(name: string): string | undefined {
    if (this.#own !== null) return valueIn(this.#own, name)
    const head = this.#head
    if (head === null) return undefined
    let all: string | undefined
    for (let i = 0; i < head.count; i++) {
      if (head.nameOf(this.#bytes, i) !== name) continue
      const value = head.valueOf(this.#bytes, i)
      all = all === undefined ? value : `${all}, ${value}`
    }
    return all
  }
}

function valueIn({ type, fields }: OwnAnswer, name: string): string | undefined {
  if (name === 'content-type' && type !== '') return type
  const lines = fields.split('\r\n').filter(line => line.toLowerCase().startsWith(`${name}:`))
  return lines.length === 0 ? undefined : lines.map(line => line.slice(name.length + 1).trim()).join(', ')
}
