// config/changes.ts: which options differ between two configurations, and the lines that `sluice reload` prints.
import { isDeepStrictEqual } from 'node:util'
import { TextCounts } from '../base/text-counts.ts'
import { type Config, visible } from './config.ts'
import { defaultText } from './help.ts'
import { flag } from './kinds.ts'
import { knownName, OPTIONS, type OptionName } from './table.ts'

/** An option that differs, by its canonical name. */
export interface Change {
  readonly name: OptionName
  /** Values as written, after all expansion; of an option whose last value counts only that one. [] for none. */
  readonly before: readonly string[]
  readonly after: readonly string[]
}

// What these set stands in the list as an option of its own.
const INDIRECT: readonly OptionName[] = ['set', 'set-placeholder']
// Their values may be secrets, and these lines are printed and logged.
const ASSIGNMENTS: readonly OptionName[] = ['env', 'http-var']
// Arguments of actions and conditions may be passwords, patterns of headers, cookies and queries tokens.
const RULE = /^(error-|response-|final-)?route(-(?!upstream|label)[a-z-]+)?$/
const COMMANDS: readonly OptionName[] = ['attach-daemon']
const LONGEST = 200
/** Of one option and kind. */
const MOST_LINES = 20
const MOST_COMPARED = 5000

/** Pure. In the order of the option table. "60" instead of "1m" is no change, nor is an option without effect. */
export function changedOptions(before: Config, after: Config): readonly Change[] {
  const [old, now] = [writtenIn(before), writtenIn(after)]
  return (Object.keys(OPTIONS) as OptionName[])
    .filter(name => !INDIRECT.includes(name) && OPTIONS[name].noEffect === null)
    .filter(name => !isDeepStrictEqual(before.values[name], after.values[name]))
    .map(name => ({ name, before: old.get(name) ?? [], after: now.get(name) ?? [] }))
    .filter(change => !isDeepStrictEqual(change.before, change.after))
}

/** Lines without their end: "http-timeout: 60 -> 30", "http-to: + http://127.0.0.1:3001", "so-keepalive: on". */
export function changeText(before: Config, after: Config): readonly string[] {
  return changedOptions(before, after).flatMap(change =>
    linesOf(change).map(line => visible(`${change.name}: ${line}`)),
  )
}

function writtenIn({ pairs }: Config): ReadonlyMap<OptionName, readonly string[]> {
  const written = new Map<OptionName, string[]>()
  for (const { name, value } of pairs) {
    const ours = knownName(name)?.ours
    if (ours === null || ours === undefined) continue
    const earlier = OPTIONS[ours].repeats === 'last' ? undefined : written.get(ours)
    if (earlier === undefined) written.set(ours, [value ?? 'true'])
    else earlier.push(value ?? 'true')
  }
  return written
}

function linesOf(change: Change): readonly string[] {
  const option = OPTIONS[change.name]
  if (option.repeats !== 'last') return listLines(change)
  const fallback = defaultText(option)
  const [before = fallback, after = fallback] = [change.before[0], change.after[0]]
  if (option.kind === flag) return [flag.schema.parse(after) ? 'on' : 'off']
  if (before === '' && change.before.length === 0) return [`+ ${shown(change.name, after)}`]
  if (after === '' && change.after.length === 0) return [`- ${shown(change.name, before)}`]
  return [`${shown(change.name, before)} -> ${shown(change.name, after)}`]
}

// What goes and what comes, repeats counted; else it is the order that differs.
function listLines({ name, before, after }: Change): readonly string[] {
  const { gone, come } = difference(before, after)
  if (gone.length === 0 && come.length === 0) {
    return [`now in the order ${firstOf(after.map(value => shown(name, value))).join(', ')}`]
  }
  // Which of very many lines look alike takes a second to find out, and says little.
  if (gone.length + come.length > MOST_COMPARED) {
    return [...firstShown('-', name, gone), ...firstShown('+', name, come)]
  }
  const [goneShown, comeShown] = [
    gone.map(value => shown(name, value)),
    come.map(value => shown(name, value)),
  ]
  const inBoth = new Set(comeShown)
  const same = goneShown.filter(text => inBoth.has(text))
  return [
    ...firstOf(without(goneShown, same).map(text => `- ${text}`)),
    ...firstOf(without(comeShown, same).map(text => `+ ${text}`)),
    ...firstOf(same.map(text => `${text} changed`)),
  ]
}

function firstShown(sign: string, name: OptionName, values: readonly string[]): readonly string[] {
  const lines = values.slice(0, MOST_LINES - 1).map(value => `${sign} ${shown(name, value)}`)
  return values.length <= lines.length ? lines : [...lines, moreLines(values.length - lines.length)]
}

function firstOf(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines
  return [...lines.slice(0, MOST_LINES - 1), moreLines(lines.length - MOST_LINES + 1)]
}

function moreLines(count: number): string {
  return `and ${count} more like these`
}

// What both begin and end with is passed over first: of 100,000 lines a few differ most often.
function difference(
  before: readonly string[],
  after: readonly string[],
): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  let from = 0
  let [beforeEnd, afterEnd] = [before.length, after.length]
  while (from < beforeEnd && from < afterEnd && before[from] === after[from]) from++
  while (beforeEnd > from && afterEnd > from && before[beforeEnd - 1] === after[afterEnd - 1]) {
    beforeEnd--
    afterEnd--
  }
  const left = new TextCounts(afterEnd - from)
  for (let i = from; i < afterEnd; i++) left.add(after[i]!)
  const gone: string[] = []
  for (let i = from; i < beforeEnd; i++) if (!left.take(before[i]!)) gone.push(before[i]!)
  const come: string[] = []
  for (let i = afterEnd - 1; i >= from; i--) if (left.take(after[i]!)) come.push(after[i]!)
  return { gone, come: come.reverse() }
}

function without(values: readonly string[], taken: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const value of taken) left.set(value, (left.get(value) ?? 0) + 1)
  return values.filter(value => {
    const count = left.get(value) ?? 0
    if (count > 0) left.set(value, count - 1)
    return count === 0
  })
}

function shown(name: OptionName, value: string): string {
  const text = withoutSecrets(name, value)
  if (text === '') return 'true'
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`
}

// Of a command its first word, unless that sets a variable.
function withoutSecrets(name: OptionName, value: string): string {
  if (ASSIGNMENTS.includes(name)) return value.replace(/=.*/s, '=…')
  if (RULE.test(name)) return withoutArguments(name, value)
  if (COMMANDS.includes(name)) return value.trim().replace(/^([^\s='"]*)(?=[\s='"]).*$/s, '$1 …')
  return value
}

// "^/admin basicauth:…"
function withoutArguments(name: OptionName, value: string): string {
  if (name.endsWith('-run')) return withoutRest(value)
  const [first = '', ...others] = value.split(' ')
  if (/-(header|cookie)$/.test(name)) return `${first} …`
  if (/-(qs|uri)$/.test(name)) return '…'
  return `${/-if(-not)?$/.test(name) ? withoutRest(first) : first} ${withoutRest(others.join(' '))}`
}

function withoutRest(text: string): string {
  return text.replace(/:.+$/s, ':…')
}
