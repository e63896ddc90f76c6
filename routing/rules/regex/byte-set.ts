// routing/rules/regex/byte-set.ts: a set of bytes, and the sets that patterns have names for.

/** Some of the 256 byte values: one bit each. */
export class ByteSet {
  readonly #words = new Uint32Array(8)

  /** @param ranges first and last byte of each range, in turns: 0x30, 0x39 are the digits */
  static of(...ranges: readonly number[]): ByteSet {
    const set = new ByteSet()
    for (let i = 0; i < ranges.length; i += 2) set.addRange(ranges[i]!, ranges[i + 1]!)
    return set
  }

  /** The set of one byte, always the same: not to be added to. */
  static only(byte: number): ByteSet {
    return SINGLE[byte]!
  }

  add(byte: number): void {
    this.#words[byte >> 5]! |= 1 << (byte & 31)
  }

  addRange(first: number, last: number): void {
    for (let byte = first; byte <= last; byte++) this.add(byte)
  }

  addAll(other: ByteSet): void {
    for (let i = 0; i < 8; i++) this.#words[i]! |= other.#words[i]!
  }

  has(byte: number): boolean {
    return (this.#words[byte >> 5]! & (1 << (byte & 31))) !== 0
  }

  /** What is not in it, as a set of its own. */
  inverse(): ByteSet {
    const set = new ByteSet()
    for (let i = 0; i < 8; i++) set.#words[i] = ~this.#words[i]!
    return set
  }

  /** With each ASCII letter also its other case: PCRE's default tables know no other letters. */
  caseless(): ByteSet {
    const set = new ByteSet()
    set.addAll(this)
    for (let upper = 0x41; upper <= 0x5a; upper++) {
      if (this.has(upper)) set.add(upper + 0x20)
      if (this.has(upper + 0x20)) set.add(upper)
    }
    return set
  }

  meets(other: ByteSet): boolean {
    for (let i = 0; i < 8; i++) if ((this.#words[i]! & other.#words[i]!) !== 0) return true
    return false
  }

  get size(): number {
    let size = 0
    for (let i = 0; i < 8; i++) for (let word = this.#words[i]!; word !== 0; word &= word - 1) size++
    return size
  }

  /** Lowest member; -1 when there is none. */
  get first(): number {
    for (let i = 0; i < 8; i++) {
      const word = this.#words[i]!
      if (word !== 0) return i * 32 + 31 - Math.clz32(word & -word)
    }
    return -1
  }

  /** First and last byte of each run of members, in turns. */
  ranges(): number[] {
    const ranges: number[] = []
    for (let byte = 0; byte < 256; byte++) {
      if ((byte & 31) === 0 && this.#words[byte >> 5] === 0) {
        byte += 31
        continue
      }
      if (!this.has(byte)) continue
      const first = byte
      while (byte < 255 && this.has(byte + 1)) byte++
      ranges.push(first, byte)
    }
    return ranges
  }
}

const SINGLE = Array.from({ length: 256 }, (_, byte) => ByteSet.of(byte, byte))

export const ANY = ByteSet.of(0, 255)
export const NOT_NEWLINE = ByteSet.of(0, 9, 11, 255)
export const DIGITS = ByteSet.of(0x30, 0x39)
export const WORD = ByteSet.of(0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a)
export const SPACE = ByteSet.of(9, 13, 32, 32)
export const HORIZONTAL = ByteSet.of(9, 9, 32, 32, 0xa0, 0xa0)
export const VERTICAL = ByteSet.of(10, 13, 0x85, 0x85)

/** What [[:NAME:]] stands for. */
export const POSIX: Readonly<Record<string, ByteSet | undefined>> = {
  alpha: ByteSet.of(0x41, 0x5a, 0x61, 0x7a),
  lower: ByteSet.of(0x61, 0x7a),
  upper: ByteSet.of(0x41, 0x5a),
  alnum: ByteSet.of(0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a),
  ascii: ByteSet.of(0, 127),
  blank: ByteSet.of(9, 9, 32, 32),
  cntrl: ByteSet.of(0, 31, 127, 127),
  digit: DIGITS,
  graph: ByteSet.of(33, 126),
  print: ByteSet.of(32, 126),
  punct: ByteSet.of(33, 47, 58, 64, 91, 96, 123, 126),
  space: SPACE,
  word: WORD,
  xdigit: ByteSet.of(0x30, 0x39, 0x41, 0x46, 0x61, 0x66),
}
