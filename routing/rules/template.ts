// routing/rules/template.ts: arguments with $1, ${NAME} and ${function[argument]}: cut into parts once at load, filled in
// for each request in a single pass: what a client sent is never looked at again for more of them.
import { type Reading, WrongRule } from './action.ts'
import { isHarmful } from './fields.ts'
import { FUNCTIONS } from './functions.ts'
import type { Run } from './run.ts'

/** One character a byte. */
export type Template = readonly Part[]
export type Part =
  | string
  /** 0 to 9: of the rule's own regular expression. */
  | { readonly group: number }
  | { readonly variable: string }
  | { readonly fn: string; readonly arg: string }

/** Fills a template in. */
export type Text = (run: Run) => string

/** The bytes of a text of the configuration, one a character. */
export function asBytes(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1')
}

/** @throws WrongRule for arguments that a function cannot take */
export function readTemplate(text: string, reading: Pick<Reading, 'warn'>): Template {
  const bytes = asBytes(text)
  const parts: Part[] = []
  let plain = ''
  const add = (part: Part): void => {
    if (plain !== '') parts.push(plain)
    plain = ''
    parts.push(part)
  }
  for (let p = 0; p < bytes.length; ) {
    const end = bytes.indexOf('$', p)
    if (end < 0) {
      plain += bytes.slice(p)
      break
    }
    plain += bytes.slice(p, end)
    const next = bytes[end + 1] ?? ''
    const close = next === '{' ? bytes.indexOf('}', end) : -1
    if (next >= '0' && next <= '9') {
      add({ group: Number(next) })
      p = end + 2
    } else if (close >= 0) {
      add(readBraces(bytes.slice(end + 2, close), reading))
      p = close + 1
    } else {
      // A second dollar belongs to the first, unless it begins a variable: "$$1" is no capture.
      const isPair = next === '$' && bytes[end + 2] !== '{'
      plain += isPair ? '$$' : '$'
      p = end + (isPair ? 2 : 1)
    }
  }
  if (plain !== '') parts.push(plain)
  return parts
}

function readBraces(text: string, reading: Pick<Reading, 'warn'>): Part {
  if (/\$\d/.test(text)) {
    reading.warn(
      `"\${${text}}" has a capture within the braces, where it has no meaning`,
      'Put the capture into a variable with addvar first, if a variable will do',
    )
  }
  const bracket = text.indexOf('[')
  if (bracket < 0 || !text.endsWith(']')) return { variable: text }
  const fn = text.slice(0, bracket)
  const arg = text.slice(bracket + 1, -1)
  const kind = FUNCTIONS.get(fn)
  if (kind === undefined) {
    reading.warn(`"\${${text}}" is always empty: there is no function "${fn}"`, 'See docs/routing.md')
    return { variable: text }
  }
  const problem = kind.check?.(arg) ?? ''
  if (problem !== '') throw new WrongRule(`\${${text}}: ${problem}`, `Write \${${kind.syntax}}`)
  return { fn, arg }
}

/** The text of a template without anything to fill in; null: there is something. */
export function constantOf(template: Template): string | null {
  if (template.length === 0) return ''
  return template.length === 1 && typeof template[0] === 'string' ? template[0] : null
}

/** Numbers of the captures in the templates that a rule's data holds, however deep. */
export function groupsIn(data: unknown, groups = new Set<number>()): ReadonlySet<number> {
  if (typeof data !== 'object' || data === null) return groups
  if ('group' in data && typeof data.group === 'number') groups.add(data.group)
  else for (const each of Object.values(data)) groupsIn(each, groups)
  return groups
}

/** Makes a template ready to be filled in. */
export function textOf(template: Template): Text {
  const constant = constantOf(template)
  if (constant !== null) return () => constant
  const parts = template.map(partOf)
  if (parts.length === 1) return parts[0]!
  return run => {
    let text = ''
    for (let i = 0; i < parts.length; i++) text += parts[i]!(run)
    return text
  }
}

/**
 * The same for a line of a head: null when something in it would end the line. What is filled in is looked at before it becomes
 * part of a text: a text of parts has to be put together before anybody can look at it.
 */
export function lineOf(template: Template): (run: Run) => string | null {
  const parts = template.map(partOf)
  const isFixed = template.map(part => typeof part === 'string' && !isHarmful(part))
  return run => {
    let text = ''
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!(run)
      if (!isFixed[i] && isHarmful(part)) return null
      text += part
    }
    return text
  }
}

function partOf(part: Part): Text {
  if (typeof part === 'string') return () => part
  if ('group' in part) {
    const { group } = part
    return run => run.captures?.[group] ?? ''
  }
  if ('variable' in part) {
    const { variable } = part
    return run => run.read(variable) ?? ''
  }
  return FUNCTIONS.get(part.fn)!.make(part.arg)
}
