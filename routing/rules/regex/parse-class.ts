// routing/rules/regex/parse-class.ts: [...] to a set, and escapes that stand for one byte.
import { ByteSet, DIGITS, HORIZONTAL, POSIX, SPACE, VERTICAL, WORD } from './byte-set.ts'

/** What is read from: the parser. */
export interface Reader {
  readonly text: string
  at: number
  fail(problem: string, at: number, remedy?: string): never
  refuse(construct: string, at: number): never
}

/** Escapes that stand for a set, in classes and outside. */
export const SETS: Readonly<Record<string, ByteSet>> = Object.assign(Object.create(null), {
  d: DIGITS,
  D: DIGITS.inverse(),
  w: WORD,
  W: WORD.inverse(),
  s: SPACE,
  S: SPACE.inverse(),
  h: HORIZONTAL,
  H: HORIZONTAL.inverse(),
  v: VERTICAL,
  V: VERTICAL.inverse(),
})

/** Reads from `[` to behind its `]`. */
export function parseClass(reader: Reader, opened: number, isCaseless: boolean): ByteSet {
  const { text } = reader
  const set = new ByteSet()
  reader.at = opened + 1
  let isQuoted = false
  // \E and empty \Q\E may stand before what decides.
  skipQuotes()
  const isNegated = text[reader.at] === '^'
  if (isNegated) reader.at++
  /** Start of a range that may follow; -1 after a set. */
  let last = -1
  for (let isFirst = true; ; isFirst = false) {
    skipQuotes()
    const at = reader.at
    if (at >= text.length) reader.fail('a [ without ]', opened)
    if (text[at] === ']' && !isFirst && !isQuoted) break
    if (!isQuoted && text[at] === '-' && last >= 0 && text[at + 1] !== ']') {
      reader.at++
      skipQuotes()
      if (reader.at >= text.length) reader.fail('a [ without ]', opened)
      if (!isQuoted && text[reader.at] === ']') {
        set.add(0x2d)
        last = -1
        continue
      }
      const member = readMember(reader, isQuoted, isCaseless)
      if (typeof member !== 'number') reader.fail('a range that ends in a class', at)
      if (member < last) reader.fail('a range out of order', at)
      set.addRange(last, member)
      last = -1
      continue
    }
    const member = readMember(reader, isQuoted, isCaseless)
    if (typeof member === 'number') set.add(member)
    else set.addAll(member)
    last = typeof member === 'number' ? member : -1
  }
  reader.at++
  const all = isCaseless ? set.caseless() : set
  return isNegated ? all.inverse() : all

  function skipQuotes(): void {
    for (;;) {
      if (text.startsWith('\\E', reader.at)) isQuoted = false
      else if (!isQuoted && text.startsWith('\\Q', reader.at)) isQuoted = true
      else return
      reader.at += 2
    }
  }
}

/** One byte, or a set such as \d and [:alpha:]. */
function readMember(reader: Reader, isQuoted: boolean, isCaseless: boolean): number | ByteSet {
  const { text, at } = reader
  if (isQuoted) return text.charCodeAt(reader.at++)
  if (text[at] === '[' && /[:.=]/.test(text[at + 1] ?? '')) {
    const named = /^\[([:.=])(\^?)([a-z<>]*)\1\]/.exec(text.slice(at, at + 30))
    if (named !== null) {
      // Negated, too: under (?i) [:^upper:] is what is no letter.
      const isCase = isCaseless && /^(upper|lower)$/.test(named[3]!)
      const set = POSIX[isCase ? 'alpha' : named[3]!]
      if (named[1] !== ':') reader.fail(`the collating element ${named[0]}, which PCRE does not know`, at)
      if (named[3] === '<' || named[3] === '>') reader.refuse(named[0], at)
      if (set === undefined) reader.fail(`the class ${named[0]}, which PCRE does not know`, at)
      reader.at += named[0].length
      return named[2] === '^' ? set.inverse() : set
    }
  }
  if (text[at] !== '\\') return text.charCodeAt(reader.at++)
  const letter = text[at + 1]
  if (letter === undefined) reader.fail('a \\ at the end', at)
  if (SETS[letter] !== undefined) {
    reader.at += 2
    return SETS[letter]
  }
  if (letter === 'p' || letter === 'P') reader.refuse(`\\${letter}`, at)
  if (letter === 'N') reader.fail('\\N in a class', at)
  if (letter === 'b') {
    reader.at += 2
    return 8
  }
  return readEscapedByte(reader)
}

const CONTROLS: Readonly<Record<string, number>> = Object.assign(Object.create(null), {
  a: 7,
  e: 27,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
})

/** Reads an escape that stands for one byte: \n, \x41, \x{41}, \101, \o{101}, \cA, \. and letters without a meaning. */
export function readEscapedByte(reader: Reader): number {
  const { text, at } = reader
  const letter = text[at + 1]!
  const rest = text.slice(at + 2, at + 20)
  const take = (length: number, byte: number): number => {
    reader.at += length
    return byte
  }
  const number = (digits: string, base: number, length: number): number => {
    const value = Number.parseInt(digits, base)
    return value > 255 ? reader.fail(`the character ${digits}, which is no byte`, at) : take(length, value)
  }
  if (CONTROLS[letter] !== undefined) return take(2, CONTROLS[letter])
  if (letter === 'c') {
    const code = text.charCodeAt(at + 2)
    if (Number.isNaN(code)) reader.fail('\\c at the end', at)
    if (code > 126) reader.fail('\\c before what is not ASCII', at)
    return take(3, (code >= 0x61 && code <= 0x7a ? code - 32 : code) ^ 64)
  }
  if (letter === 'x') {
    const braces = /^\{([0-9a-fA-F]+)\}/.exec(rest)
    if (braces !== null) return number(braces[1]!, 16, 2 + braces[0].length)
    if (rest.startsWith('{')) reader.fail('\\x{ without hexadecimal digits and }', at)
    const digits = /^[0-9a-fA-F]{0,2}/.exec(rest)![0]
    return number(`0${digits}`, 16, 2 + digits.length)
  }
  if (letter === 'o') {
    const braces = /^\{([0-7]+)\}/.exec(rest)
    if (braces === null) reader.fail('\\o without {octal digits}', at)
    return number(braces[1]!, 8, 2 + braces[0].length)
  }
  if (letter >= '0' && letter <= '7') {
    const digits = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4))![0]
    return number(digits, 8, 1 + digits.length)
  }
  if (/[lLuU]/.test(letter)) reader.fail(`\\${letter}, which PCRE does not know`, at)
  return take(2, letter.charCodeAt(0))
}
