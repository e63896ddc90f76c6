// routing/rules/pattern.ts: regular expressions of rules, made ready in the gateways.
import type { RunnablePattern } from './regex/compile.ts'
import { matcherOf as compiledMatcher, type Matcher } from './regex/matcher.ts'

export type { Matcher }

/** Longest text that is held against one, in bytes: a longer one cannot be judged. */
export const SUBJECT_LIMIT = 8192

/** @param data what compilePattern made, or Parcels of it: see Reading.pattern */
export function matcherOf(data: unknown): Matcher {
  const pattern = data as RunnablePattern | PackedPattern
  return compiledMatcher('traits' in pattern ? { ...pattern.traits, source: pattern.source } : pattern)
}

/** A pattern as it is sent: of very many, most have all but their text in common. */
export interface PackedPattern {
  readonly source: string
  readonly traits: Omit<RunnablePattern, 'source'>
}

/** What is alike becomes one object, which a message holds once: it is a fifth of the bytes. */
export class Parcels {
  readonly #known = new Map<string, unknown>()
  /** Traits of patterns whose groups are their own, which nearly all are: found without writing them out. */
  readonly #simple: PackedPattern['traits'][] = []

  /** Only what a matcher needs. */
  pack(pattern: RunnablePattern): PackedPattern {
    const { source, lines, isLinear, fastBytes, captures, cuts, conditions, longest } = pattern
    const traits = { lines, isLinear, fastBytes, captures, cuts, conditions, longest }
    const isSimple =
      captures === null && cuts.length + conditions.length === 0 && longest === SUBJECT_LIMIT && isLinear
    if (!isSimple) return { source, traits: this.one(traits) }
    const index = (lines === 'none' ? 0 : lines === 'final' ? 1 : 2) + (fastBytes === SUBJECT_LIMIT ? 0 : 3)
    const alike = this.#simple[index] ?? traits
    this.#simple[index] = alike
    return { source, traits: alike.fastBytes === fastBytes ? alike : this.one(traits) }
  }

  /** The first of all that are as this one. */
  one<T>(value: T): T {
    const text = JSON.stringify(value)
    const known = this.#known.get(text)
    if (known !== undefined) return known as T
    this.#known.set(text, value)
    return value
  }
}
