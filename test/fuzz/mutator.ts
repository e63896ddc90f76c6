// test/fuzz/mutator.ts: makes inputs that are almost right: one of a pool, changed in a few places.
import type { Random } from '../long/fuzz-random.ts'

/** Bytes at which readers of text differ. */
const ODD_BYTES = Buffer.from('\r\n\0 \t:;,%/.=_-"\\[]()09aF\x0b\x7f\x80\xff', 'latin1')
const MOST_CHANGES = 5
/** Behind each input, so that a parser that looks there is led astray. */
const BEHIND = ['\r\n\r\n', '\n\n\n\n', '0000', ')]}"', '\0\0\0\0'].map(text => Buffer.from(text))

export class Mutator {
  readonly #dictionary: readonly Buffer[]
  readonly #most: number
  readonly #out: Buffer
  #length = 0

  /** @param most bytes of an input */
  constructor(dictionary: readonly string[], most: number) {
    this.#dictionary = dictionary.map(token => Buffer.from(token, 'latin1'))
    this.#most = most
    this.#out = Buffer.alloc(most + 4)
  }

  /** @returns an input that is valid until the next one is made */
  make(pool: readonly Buffer[], random: Random): Buffer {
    const base = random.pick(pool)
    this.#length = base.copy(this.#out, 0, 0, Math.min(base.length, this.#most))
    // An input as it came is worth a look now and then, too: it is cut in other places.
    for (let n = random.below(MOST_CHANGES); n > 0; n--) this.#change(pool, random)
    random.pick(BEHIND).copy(this.#out, this.#length)
    return this.#out.subarray(0, this.#length)
  }

  #change(pool: readonly Buffer[], random: Random): void {
    const out = this.#out
    const length = this.#length
    const at = length === 0 ? 0 : random.below(length)
    switch (random.below(12)) {
      case 0:
        if (length > 0) out[at]! ^= 1 << random.below(8)
        return
      case 1:
        if (length > 0) out[at] = random.below(256)
        return
      case 2:
        if (length > 0) out[at] = ODD_BYTES[random.below(ODD_BYTES.length)]!
        return
      case 3:
        return this.#insert(at, ODD_BYTES, random.below(ODD_BYTES.length), 1)
      case 4:
      case 5: {
        if (this.#dictionary.length === 0) return
        const token = random.pick(this.#dictionary)
        return this.#insert(at, token, 0, token.length)
      }
      case 6: {
        if (this.#dictionary.length === 0) return
        const token = random.pick(this.#dictionary)
        token.copy(out, at, 0, Math.min(token.length, length - at))
        return
      }
      case 7:
        return this.#remove(at, 1 + random.below(Math.min(length - at || 1, 1 << random.below(8))))
      case 8: {
        const other = random.pick(pool)
        if (other.length === 0) return
        const from = random.below(other.length)
        return this.#insert(at, other, from, 1 + random.below(Math.min(other.length - from, 64)))
      }
      case 9:
        return this.#repeat(at, random)
      case 10:
        this.#length = at
        return
      default:
        return this.#changeNumber(at, random)
    }
  }

  #insert(at: number, from: Buffer, start: number, count: number): void {
    const size = Math.min(count, this.#most - this.#length)
    if (size <= 0) return
    this.#out.copyWithin(at + size, at, this.#length)
    from.copy(this.#out, at, start, start + size)
    this.#length += size
  }

  #remove(at: number, count: number): void {
    const size = Math.min(count, this.#length - at)
    this.#out.copyWithin(at, at + size, this.#length)
    this.#length -= size
  }

  // Mostly twice or thrice; sometimes as often as there is room, which finds what is not linear.
  #repeat(at: number, random: Random): void {
    const size = 1 + random.below(Math.min(this.#length - at || 1, 1 << random.below(7)))
    const times = random.below(64) === 0 ? this.#most : 1 + random.below(3)
    const room = this.#most - this.#length
    const total = Math.min(size * times, room - (room % size))
    if (total <= 0 || at + size > this.#length) return
    this.#out.copyWithin(at + total, at, this.#length)
    this.#length += total
    for (let done = 0; done < total; done += size) {
      this.#out.copyWithin(at + done, at + total, at + total + size)
    }
  }

  // The first digit from a place on: sizes, versions, ports and counts are where off-by-ones live.
  #changeNumber(at: number, random: Random): void {
    for (let p = at; p < this.#length && p < at + 64; p++) {
      const byte = this.#out[p]!
      if (byte < 48 || byte > 57) continue
      if (random.below(4) === 0) this.#insert(p, DIGITS, random.below(10), 1)
      else this.#out[p] = 48 + random.below(10)
      return
    }
  }
}

const DIGITS = Buffer.from('0123456789')
