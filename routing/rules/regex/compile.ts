// routing/rules/regex/compile.ts: a PCRE pattern to plain data that a gateway can match with, or why not.
import { Buffer } from 'node:buffer'
import { doubtfulGroups, requireSetReferences } from './captures.ts'
import { fastBytesOf, LONGEST_SUBJECT, longestOf } from './cost.ts'
import { linearPattern } from './linear.ts'
import { type Literals, literalsOf } from './literals.ts'
import { takeConditions, withTails } from './look.ts'
import { contains, type Node } from './node.ts'
import { type Parsed, parsePattern } from './parse.ts'
import { plainPattern } from './plain.ts'
import { PatternProblem } from './problem.ts'
import { relax } from './relax.ts'
import { Shapes } from './shapes.ts'
import { type Translation, translate } from './translate.ts'

export { LONGEST_SUBJECT }

/** One JavaScript pattern, and how a subject with newlines is put to it. */
export interface Source {
  /** Without flags. */
  readonly source: string
  /** What its ends of lines need: see newlines.ts. */
  readonly lines: 'none' | 'final' | 'all'
  /** Proven, or `trusted`: it may take for ever. */
  readonly isLinear: boolean
  /** Longest subject in bytes that the fast engine gets; 0: none. */
  readonly fastBytes: number
}

/** Plain data: it can travel in a message. */
export interface CompiledPattern extends Source {
  readonly engine: 'linear' | 'trusted'
  /** Capturing groups of the PCRE pattern. */
  readonly groups: number
  readonly names: Readonly<Record<string, number>>
  /** For each of these groups those of `source`, the last that matched counts; null: the same ones. */
  readonly captures: readonly (readonly number[])[] | null
  /** Groups of `source` that are no part of the match. */
  readonly cuts: readonly number[]
  /** What else must match the same subject, or must not. */
  readonly conditions: readonly (Source & { readonly isWanted: boolean })[]
  /** Groups (0: the whole match) whose text may differ from PCRE's: rules must not use it. */
  readonly doubtful: readonly number[]
  /** Longest subject in bytes for which the time is bounded. */
  readonly longest: number
  readonly literals: Literals
}

/** What a matcher needs of it: gateways are sent no more. */
export type RunnablePattern = Pick<
  CompiledPattern,
  'source' | 'lines' | 'isLinear' | 'fastBytes' | 'captures' | 'cuts' | 'conditions' | 'longest'
>

export type Compilation =
  | { readonly ok: true; readonly compiled: CompiledPattern }
  | { readonly ok: false; readonly problem: string; readonly remedy: string; readonly at: number }

/**
 * @param pattern as it stands in the file; its UTF-8 bytes are what counts
 * @param options.trusted whether a pattern may run that can take for ever
 * @returns of a failure: the problem without the pattern, and `at`, an offset in bytes
 */
export function compilePattern(pattern: string, options: { readonly trusted: boolean }): Compilation {
  const known = plainPattern(pattern) ?? (options.trusted ? null : SHAPES.read(pattern))
  return known === null ? compileOnce(pattern, options) : { ok: true, compiled: known }
}

// Rules by the thousand often have patterns in common, and proving one costs.
const COMPILED = new Map<string, Compilation>()
const MOST_COMPILED = 4096

function compileOnce(pattern: string, options: { readonly trusted: boolean }): Compilation {
  const name = `${options.trusted} ${pattern}`
  let compilation = COMPILED.get(name)
  if (compilation === undefined) {
    compilation = compileParsed(pattern, options)
    if (COMPILED.size >= MOST_COMPILED) COMPILED.clear()
    COMPILED.set(name, compilation)
  }
  return compilation
}

const SHAPES = new Shapes(pattern => {
  const compilation = compileParsed(pattern, { trusted: false })
  return compilation.ok ? compilation.compiled : null
})

/** The general way, for every pattern. */
export function compileParsed(pattern: string, options: { readonly trusted: boolean }): Compilation {
  try {
    const bytes = Buffer.from(pattern, 'utf8').toString('latin1')
    return { ok: true, compiled: compiled(parsePattern(bytes), options.trusted) }
  } catch (error) {
    if (!(error instanceof PatternProblem)) throw error
    return { ok: false, problem: error.message, remedy: error.remedy, at: error.at }
  }
}

function compiled(parsed: Parsed, isTrusted: boolean): CompiledPattern {
  const { groups, names } = parsed
  const relaxed = relax(parsed.root)
  const doubtful = doubtfulGroups(relaxed, groups)
  requireSetReferences(relaxed, doubtful)
  const { root, conditions } = takeConditions(relaxed)
  const translation = translate(withTails(root), groups)
  const others = conditions.map(condition => {
    const part = compiledCondition(condition.root, isTrusted)
    return { ...part.source, weight: part.weight, isWanted: condition.isWanted }
  })
  const main = proven(translation, relax(root), isTrusted)
  const weight = translation.weight + others.reduce((sum, one) => sum + one.weight, 0)
  const isPlain = translation.captures.every((indexes, i) => indexes.length === 1 && indexes[0] === i + 1)
  return {
    ...main,
    engine: main.isLinear && others.every(one => one.isLinear) ? 'linear' : 'trusted',
    groups,
    names,
    captures: isPlain ? null : translation.captures,
    cuts: translation.cuts,
    conditions: others.map(({ weight: _, ...one }) => one),
    doubtful,
    longest: longestOf(weight),
    literals: literalsOf(parsed.root),
  }
}

/** A condition may look ahead at its end, too: what it looked at need not be cut off, as nobody asks for its match. */
function compiledCondition(root: Node, isTrusted: boolean): { source: Source; weight: number } {
  const relaxed = relax(root)
  const translation = translate(withTails(relaxed), 99)
  return { source: proven(translation, relaxed, isTrusted), weight: translation.weight }
}

/** @throws PatternProblem unless it runs on the linear engine, or need not */
function proven(translation: Translation, root: Node, isTrusted: boolean): Source {
  const lines = linesOf(root)
  const { source, unbounded } = translation
  if (unbounded === null) {
    // What newlines.ts makes of it differs in `(?m:$)` for `$` only, so that is linear as well.
    const isProven = linearPattern(source) !== null
    if (isProven) return { source, lines, isLinear: true, fastBytes: fastBytesOf(root, translation.choices) }
  }
  if (!isTrusted)
    throw new PatternProblem(
      `${unbounded?.construct ?? 'the pattern'} needs an engine whose time has no bound`,
      'Write it otherwise, or put (*trusted) before it if no request can make it slow.',
      unbounded?.at ?? 0,
    )
  requireValid(source)
  return { source, lines, isLinear: false, fastBytes: LONGEST_SUBJECT }
}

function linesOf(root: Node): 'none' | 'final' | 'all' {
  const has = (what: string): boolean => contains(root, node => node.kind === 'assert' && node.what === what)
  if (!has('line-end')) return has('final-end') ? 'final' : 'none'
  if (has('final-end'))
    throw new PatternProblem(
      '$ under (?m) beside $ or \\Z that is not',
      'Write one of them as \\z, or split the rule.',
      0,
    )
  return 'all'
}

function requireValid(source: string): void {
  try {
    new RegExp(source)
  } catch {
    throw new PatternProblem('a pattern that is too large for JavaScript', 'Split the rule.', 0)
  }
}
