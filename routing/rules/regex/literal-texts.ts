// routing/rules/regex/literal-texts.ts: very many short texts and the rules they stand for, as bytes side by side: 100,000 of
// them are three arrays, not as many objects that the garbage collector carries about until the last rule is read.

export class LiteralTexts {
  count = 0
  #bytes = new Uint8Array(1024)
  /** Where each text begins, and where the last one ends. */
  #begin = new Int32Array(64)
  #rules = new Int32Array(64)

  /** @param text one character a byte; letters are taken in lower case. @param most what is longer is cut there */
  add(text: string, most: number, rule: number): void {
    const count = this.count++
    if (count + 1 === this.#begin.length) {
      this.#begin = grown(this.#begin, count * 2 + 2)
      this.#rules = grown(this.#rules, count * 2 + 2)
    }
    const length = Math.min(text.length, most)
    let at = this.#begin[count]!
    if (at + length > this.#bytes.length) this.#bytes = larger(this.#bytes, (at + length) * 2)
    const bytes = this.#bytes
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      bytes[at++] = code >= 0x41 && code <= 0x5a ? code + 0x20 : code
    }
    this.#begin[count + 1] = at
    this.#rules[count] = rule
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#begin[this.count])
  }

  get begin(): Int32Array {
    return this.#begin.subarray(0, this.count + 1)
  }

  get rules(): Int32Array {
    return this.#rules.subarray(0, this.count)
  }
}

function grown(old: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length)
  grown.set(old)
  return grown
}

function larger(old: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length)
  larger.set(old)
  return larger
}
