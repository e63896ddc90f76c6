// base/text-counts.ts: how often each of very many texts was counted. No Map: V8 takes each key of one into a table of its own, for
// as long as the text lives, and for 100,000 texts that takes longer than reading them.
import { fnv1a } from './fnv.ts'

export class TextCounts {
  readonly #texts: string[] = []
  readonly #hashes: Int32Array
  readonly #counts: Int32Array
  /** By hash: the last text of its bucket; -1: none. */
  readonly #buckets: Int32Array
  /** By text: the one before it in its bucket. */
  readonly #before: Int32Array

  /** @param most different texts */
  constructor(most: number) {
    this.#hashes = new Int32Array(most)
    this.#counts = new Int32Array(most)
    this.#before = new Int32Array(most)
    this.#buckets = new Int32Array(1 << (32 - Math.clz32(most))).fill(-1)
  }

  add(text: string): void {
    const hash = fnv1a(text)
    const known = this.#find(text, hash)
    if (known >= 0) {
      this.#counts[known]!++
      return
    }
    const number = this.#texts.push(text) - 1
    const bucket = this.#bucket(hash)
    this.#hashes[number] = hash
    this.#counts[number] = 1
    this.#before[number] = this.#buckets[bucket]!
    this.#buckets[bucket] = number
  }

  /** @returns false: there was none left of it */
  take(text: string): boolean {
    const number = this.#find(text, fnv1a(text))
    if (number < 0 || this.#counts[number] === 0) return false
    this.#counts[number]!--
    return true
  }

  #find(text: string, hash: number): number {
    let at = this.#buckets[this.#bucket(hash)]!
    while (at >= 0 && (this.#hashes[at] !== hash || this.#texts[at] !== text)) at = this.#before[at]!
    return at
  }

  #bucket(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#buckets.length - 1)
  }
}
