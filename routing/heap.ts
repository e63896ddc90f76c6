// routing/heap.ts: things by a number, the least first. Each knows its place, so that it can be taken from the middle; it
// is in one heap at a time.

/** What can be in a heap. The first two fields belong to it. */
export interface Heaped {
  heapAt: number
  heapKey: number
  /** Of equal keys the lesser goes first. Changes only while it is in no heap. */
  order: number
}

export class Heap<T extends Heaped> {
  protected readonly entries: T[] = []

  /** The one with the least key; null when empty. */
  get top(): T | null {
    return this.entries.length === 0 ? null : this.entries[0]!
  }

  /** Key of the top; Infinity when empty. */
  get topKey(): number {
    return this.entries.length === 0 ? Number.POSITIVE_INFINITY : this.entries[0]!.heapKey
  }

  get size(): number {
    return this.entries.length
  }

  add(entry: T, key: number): void {
    entry.heapKey = key
    this.entries.push(entry)
    this.#rise(this.entries.length - 1, entry)
  }

  /** The entry must be in this heap. */
  remove(entry: T): void {
    const at = entry.heapAt
    const last = this.entries.pop()!
    if (last === entry) return
    this.#rise(at, last)
    this.#sink(last.heapAt, last)
  }

  /** Takes the same from every key. */
  lower(by: number): void {
    for (const entry of this.entries) entry.heapKey -= by
  }

  clear(): void {
    this.entries.length = 0
  }

  #rise(from: number, entry: T): void {
    const { entries } = this
    let at = from
    while (at > 0) {
      const above = entries[(at - 1) >> 1]!
      if (!isBefore(entry, above)) break
      entries[at] = above
      above.heapAt = at
      at = (at - 1) >> 1
    }
    entries[at] = entry
    entry.heapAt = at
  }

  #sink(from: number, entry: T): void {
    const { entries } = this
    const size = entries.length
    let at = from
    for (;;) {
      let below = 2 * at + 1
      if (below >= size) break
      if (below + 1 < size && isBefore(entries[below + 1]!, entries[below]!)) below++
      const next = entries[below]!
      if (!isBefore(next, entry)) break
      entries[at] = next
      next.heapAt = at
      at = below
    }
    entries[at] = entry
    entry.heapAt = at
  }
}

export function isBefore(a: Heaped, b: Heaped): boolean {
  return a.heapKey < b.heapKey || (a.heapKey === b.heapKey && a.order < b.order)
}
