// routing/rules/regex/shapes.ts: patterns that differ in a text only are compiled once: of a long list of rules, nearly all
// are like others. `^/item17/([0-9]+)$` and `^/shop42/([0-9]+)$` have one shape; what is proven of one holds for both.
//
// A shape keeps all but the middles of texts that stand in no group and under no quantifier. What compile.ts says of a pattern
// goes by the first bytes of such a text (kept) and by its length (part of the shape); the other bytes are only copied.
import type { CompiledPattern } from './compile.ts'

/** In the place of texts: bytes that no shape has itself, in order. */
const MARKS = ['\x01', '\x02', '\x03', '\x04', '\x05', '\x06', '\x07']
/** Longer patterns are too seldom alike. */
const LONGEST = 200
/** Shapes that are remembered; then all are forgotten. */
const MOST_SHAPES = 4096
const CASELESS = '(?i)'

/** @param compile the general way; null: it refuses the pattern */
export class Shapes {
  readonly #compile: (pattern: string) => CompiledPattern | null
  readonly #forms = new Map<string, Form | null>()

  constructor(compile: (pattern: string) => CompiledPattern | null) {
    this.#compile = compile
  }

  /** @returns exactly what the general way makes of it; null: ask that */
  read(pattern: string): CompiledPattern | null {
    const cut = cutTexts(pattern)
    if (cut === null) return null
    let form = this.#forms.get(cut.shape)
    if (form === undefined) {
      const compiled = this.#compile(marked(cut.shape, cut.texts))
      form = compiled === null ? null : formOf(compiled, cut)
      if (this.#forms.size >= MOST_SHAPES) this.#forms.clear()
      this.#forms.set(cut.shape, form)
    }
    return form === null ? null : filled(form, cut)
  }
}

/** A pattern taken apart. */
interface Cut {
  /** The pattern with a NUL and a length in the place of each text. */
  readonly shape: string
  /** As they are matched. */
  readonly texts: readonly string[]
  /** As they stand in the pattern. */
  readonly written: readonly string[]
  readonly isCaseless: boolean
}

// Character codes of patterns: what may stand in a text, what a quantifier begins with, and what is read apart.
const TEXT = 1
const COUNT = 2
const kinds = new Uint8Array(128)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/~%@:,=&;!-')
  kinds[char.charCodeAt(0)] = TEXT
for (const char of '*+?{') kinds[char.charCodeAt(0)] = COUNT

const BACKSLASH = 0x5c
const DOT = 0x2e
const OPEN = 0x28
const CLOSE = 0x29
const OPEN_CLASS = 0x5b
const CLOSE_CLASS = 0x5d
const ASK = 0x3f
const COLON = 0x3a
const OPEN_COUNT = 0x7b
/** In the place of a text in a shape. */
const LENGTHS = Array.from({ length: LONGEST + 1 }, (_, length) => `\0${String.fromCharCode(length)}`)
const BRACES = /\{\d+(?:,\d*)?\}/y

/** @returns null: there is no text to cut, or something that is not read here */
function cutTexts(pattern: string): Cut | null {
  if (pattern.length > LONGEST) return null
  const isCaseless = pattern.startsWith(CASELESS)
  const texts: string[] = []
  const written: string[] = []
  let shape = ''
  let kept = 0 // what stands before is in `shape`
  let depth = 0
  for (let at = isCaseless ? CASELESS.length : 0; at < pattern.length; ) {
    const code = pattern.charCodeAt(at)
    if (code < 32 || code > 126) return null
    if (depth === 0 && isText(pattern, at, code)) {
      // The first byte is kept, and the last one if it is counted.
      const from = at + widthAt(code)
      let last = at
      for (; at < pattern.length; at += widthAt(pattern.charCodeAt(at))) {
        if (!isText(pattern, at, pattern.charCodeAt(at))) break
        last = at
      }
      const to = at < pattern.length && kinds[pattern.charCodeAt(at)] === COUNT ? last : at
      if (to - from < 2) continue
      if (texts.length === MARKS.length) return null
      const as = pattern.slice(from, to)
      const text = as.includes('\\') ? as.replaceAll('\\', '') : as
      written.push(as)
      texts.push(text)
      shape += pattern.slice(kept, from) + LENGTHS[text.length]!
      kept = to
    } else if (code === OPEN) {
      // Lookarounds, modes, names and all else that a group can be.
      if (pattern.charCodeAt(at + 1) === ASK && pattern.charCodeAt(at + 2) !== COLON) return null
      depth++
      at++
    } else if (code === CLOSE) {
      depth--
      at++
    } else if (code === OPEN_CLASS) {
      at = classEnd(pattern, at)
      if (at < 0) return null
    } else if (code === BACKSLASH) {
      if (!isSimpleEscape(pattern.charCodeAt(at + 1))) return null
      at += 2
    } else if (code === OPEN_COUNT) {
      BRACES.lastIndex = at
      if (!BRACES.test(pattern)) return null
      at = BRACES.lastIndex
    } else at++
  }
  if (texts.length === 0) return null
  return { shape: shape + pattern.slice(kept), texts, written, isCaseless }
}

/** A character that means itself, or an escaped dot. */
function isText(pattern: string, at: number, code: number): boolean {
  return kinds[code] === TEXT || (code === BACKSLASH && pattern.charCodeAt(at + 1) === DOT)
}

function widthAt(code: number): number {
  return code === BACKSLASH ? 2 : 1
}

/** Sets, and signs that mean themselves. */
function isSimpleEscape(code: number): boolean {
  return code > 32 && code < 127 && !/[A-Za-z0-9]/.test(String.fromCharCode(code)) ? true : 'dDwWsS'.includes(String.fromCharCode(code)) // biome-ignore format: one value
}

/** Behind the class that begins there; -1: it is not a simple one. */
function classEnd(pattern: string, opened: number): number {
  for (let at = opened + 1; at < pattern.length; at++) {
    const code = pattern.charCodeAt(at)
    if (code < 32 || code > 126 || code === OPEN_CLASS) return -1
    if (code === BACKSLASH) {
      if (!isSimpleEscape(pattern.charCodeAt(++at))) return -1
    } else if (code === CLOSE_CLASS) {
      const isFirst = at === opened + 1 || (at === opened + 2 && pattern[opened + 1] === '^')
      return isFirst ? -1 : at + 1
    }
  }
  return -1
}

/** The pattern that is compiled for all of its shape. */
function marked(shape: string, texts: readonly string[]): string {
  let next = 0
  return shape.replace(/\0[\s\S]/g, () => {
    const { length } = texts[next]!
    return MARKS[next++]!.repeat(length)
  })
}

/** What is the same for all patterns of a shape, and where their texts go. */
interface Form {
  readonly compiled: CompiledPattern
  readonly source: Pieces
  readonly exact: Pieces | null
  readonly prefixes: Texts
  readonly required: Texts
}

interface Texts {
  readonly all: readonly Pieces[]
  /** Whether no two can become the same text. */
  readonly areDistinct: boolean
}

/** Fixed texts, and numbers of those that are filled in. */
type Pieces = readonly (string | number)[]

/** @returns null when a text does not come through whole */
function formOf(compiled: CompiledPattern, { texts, isCaseless }: Cut): Form | null {
  const { exact, prefixes, required } = compiled.literals
  // A text without letters would be exact whatever its case; and one with some is not.
  if (compiled.longest !== 8192 || (isCaseless && exact !== null)) return null
  const source = piecesOf(
    compiled.source.replace(/\\x0([1-7])/g, (_, digit) => MARKS[digit - 1]!),
    texts,
  )
  if (source === null || source.filter(piece => typeof piece === 'number').length !== texts.length)
    return null
  const all = (list: readonly string[]): Texts | null => {
    const pieces = list.map(text => piecesOf(text, texts))
    return pieces.includes(null) ? null : textsOf(pieces as Pieces[])
  }
  const form = {
    compiled,
    source,
    exact: exact === null ? null : piecesOf(exact, texts),
    prefixes: all(prefixes),
    required: all(required),
  }
  if (form.prefixes === null || form.required === null || (exact !== null && form.exact === null)) return null
  return form as Form
}

// Where they have their texts at the same places, what is fixed tells them apart.
function textsOf(all: readonly Pieces[]): Texts {
  const placed = all.map(pieces => pieces.map(piece => (typeof piece === 'number' ? piece : piece.length)))
  return { all, areDistinct: new Set(placed.map(String)).size <= 1 }
}

function piecesOf(text: string, texts: readonly string[]): Pieces | null {
  const pieces: (string | number)[] = []
  for (const piece of text.split(/([\x01]+|[\x02]+|[\x03]+|[\x04]+|[\x05]+|[\x06]+|[\x07]+)/)) {
    const mark = piece === '' ? -1 : MARKS.indexOf(piece[0]!)
    if (mark >= 0 && piece.length !== texts[mark]?.length) return null
    if (piece !== '') pieces.push(mark < 0 ? piece : mark)
  }
  return pieces
}

function filled({ compiled, source, exact, prefixes, required }: Form, cut: Cut): CompiledPattern {
  const { texts, written, isCaseless } = cut
  const folded = texts.map(folding)
  const { lines, isLinear, fastBytes, engine, groups, names, captures, cuts, conditions, doubtful, longest } =
    compiled
  return {
    source: joined(source, isCaseless ? texts.map(caselessSource) : written),
    lines,
    isLinear,
    fastBytes,
    engine,
    groups,
    names,
    captures,
    cuts,
    conditions,
    doubtful,
    longest,
    literals: {
      exact: exact === null ? null : joined(exact, texts),
      prefixes: distinct(prefixes, folded),
      required: distinct(required, folded),
    },
  }
}

function folding(text: string): string {
  return text.toLowerCase()
}

function joined(pieces: Pieces, texts: readonly string[]): string {
  let text = ''
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i]!
    text += typeof piece === 'number' ? texts[piece]! : piece
  }
  return text
}

// Two branches may have become the same text.
function distinct({ all, areDistinct }: Texts, texts: readonly string[]): readonly string[] {
  const list: string[] = []
  for (let i = 0; i < all.length; i++) {
    const text = joined(all[i]!, texts)
    // They are few; a set would keep a copy of each.
    if (areDistinct || !list.includes(text)) list.push(text)
  }
  return list
}

function caselessSource(text: string): string {
  let source = ''
  for (let i = 0; i < text.length; i++) source += CASELESS_SOURCES[text.charCodeAt(i)]!
  return source
}

const CASELESS_SOURCES = Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code)
  if (char === '.') return '\\.'
  return /[A-Za-z]/.test(char) ? `[${char.toUpperCase()}${char.toLowerCase()}]` : char
})
