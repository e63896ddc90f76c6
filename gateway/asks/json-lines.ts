// gateway/asks/json-lines.ts: values on a stream between two processes of ours, one line of JSON each. Several times as cheap as
// structured clones, for heads of requests and what is decided about them.
const LINE_END = 0x0a

/** @throws Error when the value has parts that are no data: functions, symbols, circles */
export function lineOf(value: unknown): string {
  return `${JSON.stringify(value, dataOnly)}\n`
}

// JSON would leave them out without a word.
function dataOnly(_: string, value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new Error(`a ${typeof value} cannot be copied`)
  return value
}

/** Puts lines together again, in whatever pieces they come. */
export class LineReader {
  readonly #mostBytes: number
  #parts: Buffer[] = []
  #bytes = 0

  /** @param mostBytes of a line: a longer one is an error */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** @returns the values of lines that are whole now. @throws Error when one is no JSON, or too long */
  read(chunk: Buffer): unknown[] {
    const values: unknown[] = []
    let at = 0
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, at)) {
      values.push(JSON.parse(this.#whole(chunk.subarray(at, end))))
      at = end + 1
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at))
    return values
  }

  #whole(last: Buffer): string {
    if (this.#parts.length === 0) return last.toString()
    const text = Buffer.concat([...this.#parts, last]).toString()
    this.#parts = []
    this.#bytes = 0
    return text
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#bytes += part.length
    if (this.#bytes > this.#mostBytes) throw new Error(`a line of more than ${this.#mostBytes} bytes`)
  }
}
