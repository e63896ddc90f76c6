// config/ini.ts: uWSGI's dialect of ini. No quotes, no escapes, no continued lines, no comments after a value.
import type { Fault, FormatReader, ReadLine } from './readers.ts'

/** Pure. Equal sections add up; lines of other sections are not looked at. */
export const readIni: FormatReader = (text, sections, replaceMagic) => {
  const lines: ReadLine[] = []
  const faults: Fault[] = []
  let section: string | null = null
  let isFound = false
  for (const [i, raw] of text.split('\n').entries()) {
    const line = i + 1
    const trimmed = trim(raw)
    if (trimmed === '' || trimmed.startsWith(';') || trimmed.startsWith('#')) continue
    if (trimmed.startsWith('[')) {
      const header = trim(replaceMagic(trimmed, line))
      if (!header.endsWith(']')) faults.push(openHeader(line, header))
      section = header.slice(1, -1)
      isFound ||= sections.includes(section)
    } else if (section === null) {
      if (!faults.some(fault => fault.isWarning)) faults.push(orphan(line))
    } else if (sections.includes(section)) {
      lines.push({ line, ...nameAndValue(replaceMagic(trimmed, line)) })
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

// Without "=" the value is empty, not absent.
function nameAndValue(text: string): { name: string; value: string } {
  const equals = text.indexOf('=')
  if (equals < 0) return { name: trim(text), value: '' }
  return { name: trim(text.slice(0, equals)), value: trim(text.slice(equals + 1)) }
}

// Only these three are blanks; String.trim() would cut more. No regular expression: one for the end of a text looks at
// each run of blanks inside it as many times as it is long.
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 13
