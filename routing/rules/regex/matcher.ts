// routing/rules/regex/matcher.ts: a compiled pattern at work in a gateway.
import type { RunnablePattern, Source } from './compile.ts'
import { linearPattern } from './linear.ts'
import { newlineSource, restored, withOneNewline, withoutReturns } from './newlines.ts'

/** Texts of the groups, [0] being the whole match; undefined where a group did not match. */
export type Captures = readonly (string | undefined)[]

export interface Matcher {
  /** Longest subject in bytes; whoever has a longer one denies, and does not ask. */
  readonly longest: number
  test(subject: string): boolean
  exec(subject: string): Captures | null
}

export function matcherOf(pattern: RunnablePattern): Matcher {
  return new PatternMatcher(pattern)
}

class PatternMatcher implements Matcher {
  readonly longest: number
  readonly #pattern: Runner
  readonly #conditions: readonly { readonly runner: Runner; readonly isWanted: boolean }[]
  /** Groups of the match are not those of the rule. */
  readonly #captures: readonly (readonly number[])[] | null
  readonly #cuts: readonly number[]
  readonly #isPlain: boolean

  constructor(pattern: RunnablePattern) {
    this.longest = pattern.longest
    this.#pattern = new Runner(pattern)
    this.#conditions = pattern.conditions.map(one => ({ runner: new Runner(one), isWanted: one.isWanted }))
    this.#captures = pattern.captures
    this.#cuts = pattern.cuts
    this.#isPlain = pattern.captures === null && pattern.cuts.length === 0
  }

  test(subject: string): boolean {
    return this.#pattern.test(subject) && (this.#conditions.length === 0 || this.#isAllowed(subject))
  }

  exec(subject: string): Captures | null {
    const match = this.#pattern.exec(subject)
    if (match === null || (this.#conditions.length > 0 && !this.#isAllowed(subject))) return null
    return this.#isPlain ? match : this.#arranged(match)
  }

  #isAllowed(subject: string): boolean {
    for (const { runner, isWanted } of this.#conditions) if (runner.test(subject) !== isWanted) return false
    return true
  }

  #arranged(match: Captures): Captures {
    let whole = match[0]!
    for (const cut of this.#cuts) {
      const ahead = match[cut]
      if (ahead !== undefined) whole = whole.slice(0, whole.length - ahead.length)
    }
    const texts: (string | undefined)[] = [whole]
    if (this.#captures === null) {
      // What was looked at comes behind all groups.
      for (let i = 1; i < match.length; i++) if (!this.#cuts.includes(i)) texts.push(match[i])
      return texts
    }
    for (const indexes of this.#captures) {
      let text: string | undefined
      for (const index of indexes) if (match[index] !== undefined) text = match[index]
      texts.push(text)
    }
    return texts
  }
}

/** One pattern of JavaScript, with its rare forms made when first needed. */
class Runner {
  readonly #source: Source
  readonly #regexp: RegExp
  readonly #endsLines: boolean
  readonly #fastBytes: number
  #linear: RegExp | null = null
  #newline: RegExp | null = null

  constructor(source: Source) {
    this.#source = source
    const never = source.fastBytes === 0 ? linearPattern(source.source) : null
    this.#regexp = never ?? new RegExp(source.source)
    this.#endsLines = source.lines !== 'none'
    this.#fastBytes = source.fastBytes
  }

  test(subject: string): boolean {
    if (this.#endsLines && this.#hasNewlines(subject)) return this.#throughNewlines(subject) !== null
    return (subject.length <= this.#fastBytes ? this.#regexp : this.#slow()).test(subject)
  }

  exec(subject: string): Captures | null {
    if (this.#endsLines && this.#hasNewlines(subject)) {
      const match = this.#throughNewlines(subject)
      return match === null ? null : Array.from(match, text => (text === undefined ? text : restored(text)))
    }
    return (subject.length <= this.#fastBytes ? this.#regexp : this.#slow()).exec(subject)
  }

  #hasNewlines(subject: string): boolean {
    if (this.#source.lines === 'final') return subject.charCodeAt(subject.length - 1) === 10
    return subject.includes('\r')
  }

  #throughNewlines(subject: string): RegExpExecArray | null {
    const { source, lines, isLinear } = this.#source
    const text = lines === 'final' ? newlineSource(source) : source
    // Such subjects are rare, and their sender chose to be: they get the engine that needs no trust.
    this.#newline ??= (isLinear ? linearPattern(text) : null) ?? new RegExp(text)
    return this.#newline.exec(lines === 'final' ? withOneNewline(subject) : withoutReturns(subject))
  }

  #slow(): RegExp {
    this.#linear ??= linearPattern(this.#source.source) ?? this.#regexp
    return this.#linear
  }
}
