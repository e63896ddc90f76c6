// routing/rules/regex/plain.ts: patterns that are a text, with ^, $ or .* around it at most, as most of a long list of
// redirects are. What compile.ts makes of them is known without parsing and proving each: a file may have 100,000.
import type { CompiledPattern } from './compile.ts'

// A text of characters that mean themselves, and escaped dots; then (.*), .* or nothing; a bound on both, as the general way has.
const PLAIN = /^(\^?)((?:[A-Za-z0-9_/~%@:,=&;!-]|\\\.){1,100})(\(\.\*\)|\.\*)?(\$?)$/

/** @returns exactly what the general way does; null: it is not one of these */
export function plainPattern(pattern: string): CompiledPattern | null {
  const parts = PLAIN.exec(pattern)
  if (parts === null) return null
  const [, start, written, rest = '', end] = parts as unknown as [
    string,
    string,
    string,
    string | undefined,
    string,
  ]
  // What is looked for anywhere and has a rest behind it is not cheap on the fast engine.
  if (start === '' && rest !== '') return null
  const text = written.replaceAll('\\.', '.')
  const literals = [text.toLowerCase()]
  const any = '[^\\n\\u0100]*'
  return {
    source: `${start}${written.replaceAll('/', '\\/')}${rest === '' ? '' : rest === '.*' ? any : `(${any})`}${end}`,
    lines: end === '' ? 'none' : 'final',
    isLinear: true,
    fastBytes: 8192,
    engine: 'linear',
    groups: rest === '(.*)' ? 1 : 0,
    names: {},
    captures: null,
    cuts: [],
    conditions: [],
    doubtful: [],
    longest: 8192,
    literals: {
      exact: start !== '' && rest === '' && end !== '' ? text : null,
      prefixes: start === '' ? [] : literals,
      required: literals,
    },
  }
}
