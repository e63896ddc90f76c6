// routing/rules/warnings.ts: what is doubtful about rules. A file may hold the same doubt ten thousand times: it is told twenty times.
import type { Problem } from '../../config/config.ts'

const MOST_OF_A_KIND = 20

interface Kind {
  count: number
  /** Place in the list of what stands for all beyond the most. */
  rest: number
}

export class Warnings {
  readonly #list: Problem[] = []
  readonly #kinds = new Map<string, Kind>()

  /** Those of one remedy are of one kind. */
  add(warning: Problem): void {
    const kind = this.#kinds.get(warning.remedy) ?? { count: 0, rest: -1 }
    this.#kinds.set(warning.remedy, kind)
    kind.count++
    if (kind.count <= MOST_OF_A_KIND) this.#list.push(warning)
    else if (kind.rest < 0) kind.rest = this.#list.push(warning) - 1
  }

  /** In the order in which they were added. */
  list(): readonly Problem[] {
    const list = [...this.#list]
    for (const { count, rest } of this.#kinds.values()) {
      const more = count - MOST_OF_A_KIND
      if (more < 2) continue // one more is as short as it is
      const { place, remedy } = list[rest]!
      const words = `and ${more} more like the ${MOST_OF_A_KIND} before, from here on`
      list[rest] = { place, problem: words, remedy }
    }
    return list
  }
}
