// config/ini.ts: uWSGI's dialect of ini. No quotes, no escapes, no continued lines, no comments after a value.
import type { Fault, FormatReader, ReadLine } from './readers.ts'

/** Pure. Equal sections add up; lines of other sections are not looked at. */
export const readIni: FormatReader = (text, sections, replaceMagic) => {
  const lines: ReadLine[] = []
  const faults: Fault[] = []
  const names = new Names()
  let section: string | null = null
  let isOurs = false
  let isFound = false
  const all = text.split('\n')
  for (let i = 0; i < all.length; i++) {
    const line = i + 1
    const trimmed = trim(all[i]!)
    const first = trimmed.charCodeAt(0)
    if (trimmed === '' || first === SEMICOLON || first === HASH) continue
    if (first === BRACKET) {
      const header = trim(replaceMagic(trimmed, line))
      if (!header.endsWith(']')) faults.push(openHeader(line, header))
      section = header.slice(1, -1)
      isOurs = sections.includes(section)
      isFound ||= isOurs
    } else if (section === null) {
      if (!faults.some(fault => fault.isWarning)) faults.push(orphan(line))
    } else if (isOurs) {
      lines.push(nameAndValue(line, replaceMagic(trimmed, line), names))
    }
  }
  return { lines, isFound, faults }
}

function openHeader(line: number, header: string): Fault {
  return { line, problem: `the section header "${header}" has no "]"`, remedy: `Write ${header}]` }
}

// The reference passes over such lines without a word.
function orphan(line: number): Fault {
  const problem = 'lines before the first section are not read'
  return { line, problem, remedy: 'Write [sluice] above this one', isWarning: true }
}

const SEMICOLON = 0x3b
const HASH = 0x23
const BRACKET = 0x5b

// Without "=" the value is empty, not absent.
function nameAndValue(line: number, text: string, names: Names): ReadLine {
  const equals = text.indexOf('=')
  if (equals < 0) return { line, name: trim(text), value: '' }
  return { line, name: names.one(trim(text.slice(0, equals))), value: trim(text.slice(equals + 1)) }
}

/** Of 100,000 lines with one option one name is enough: whoever looks it up again finds it sooner. */
class Names {
  #last = ''

  one(name: string): string {
    if (name !== this.#last) this.#last = name
    return this.#last
  }
}

// Only these three are blanks; String.trim() would cut more. No regular expression: one for the end of a text looks at
// each run of blanks inside it as many times as it is long.
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return end - start === text.length ? text : text.slice(start, end)
}

const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 13
