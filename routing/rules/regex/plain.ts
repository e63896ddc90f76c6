// routing/rules/regex/plain.ts: patterns that are a text, with ^, $ or .* around it at most, as most of a long list of
// redirects are. What compile.ts makes of them is known without parsing and proving each: a file may have 100,000.
import type { CompiledPattern } from './compile.ts'

/** Bytes of a text, an escaped dot being one: a bound, as the general way has. */
const LONGEST = 100

// Characters that mean themselves.
const isText = new Uint8Array(128)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/~%@:,=&;!-')
  isText[char.charCodeAt(0)] = 1
const START = 0x5e
const BACKSLASH = 0x5c
const DOT = 0x2e

const ANY = '[^\\n\\u0100]*'
/** What may stand behind the text, and what becomes of it. */
const RESTS = new Map([
  ['', ''],
  ['$', '$'],
  ['.*', ANY],
  ['.*$', `${ANY}$`],
  ['(.*)', `(${ANY})`],
  ['(.*)$', `(${ANY})$`],
])
const NONE: readonly never[] = []
const NO_NAMES = {}

/** @returns exactly what the general way does; null: it is not one of these */
export function plainPattern(pattern: string): CompiledPattern | null {
  const isAnchored = pattern.charCodeAt(0) === START
  const from = isAnchored ? 1 : 0
  let at = from
  let escapes = 0
  for (; at < pattern.length; at++) {
    const code = pattern.charCodeAt(at)
    if (isText[code] === 1) continue
    if (code !== BACKSLASH || pattern.charCodeAt(at + 1) !== DOT) break
    at++
    escapes++
  }
  if (at === from || at - from - escapes > LONGEST) return null
  const behind = at === pattern.length ? '' : pattern.slice(at)
  const rest = RESTS.get(behind)
  if (rest === undefined) return null
  const isWhole = behind === '' || behind === '$'
  // What is looked for anywhere and has a rest behind it is not cheap on the fast engine.
  if (!isAnchored && !isWhole) return null
  const written = pattern.slice(from, at)
  const text = escapes === 0 ? written : written.replaceAll('\\.', '.')
  const literals = [text.toLowerCase()]
  return {
    source: isWhole ? pattern : pattern.slice(0, at) + rest,
    lines: behind.endsWith('$') ? 'final' : 'none',
    isLinear: true,
    fastBytes: 8192,
    engine: 'linear',
    groups: behind.startsWith('(') ? 1 : 0,
    names: NO_NAMES,
    captures: null,
    cuts: NONE,
    conditions: NONE,
    doubtful: NONE,
    longest: 8192,
    literals: {
      exact: isAnchored && behind === '$' ? text : null,
      prefixes: isAnchored ? literals : NONE,
      required: literals,
    },
  }
}
