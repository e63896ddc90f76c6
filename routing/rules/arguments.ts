// routing/rules/arguments.ts: how arguments of rules are cut: "key=value,key=value", numbers, status codes.
import { WrongRule } from './action.ts'
import { isHarmful } from './fields.ts'
import { asBytes } from './template.ts'

/**
 * "KEY=VALUE,KEY=VALUE": a backslash takes the next character as it is.
 *
 * @param keys the known ones
 * @param rest key whose value takes all of the line behind it, commas and backslashes included
 * @throws WrongRule for others, and for one twice
 */
export function readPairs<K extends string>(
  text: string,
  keys: readonly K[],
  rest: K | null = null,
): Partial<Record<K, string>> {
  const pairs: Partial<Record<K, string>> = {}
  const remedy = `Known here: ${keys.join(', ')}`
  let p = 0
  while (p < text.length) {
    const equals = text.indexOf('=', p)
    const comma = text.indexOf(',', p)
    if (equals < 0 || (comma >= 0 && comma < equals)) {
      throw new WrongRule(`"${text.slice(p, comma < 0 ? text.length : comma)}" is no KEY=VALUE`, remedy)
    }
    const key = text.slice(p, equals) as K
    if (!keys.includes(key)) throw new WrongRule(`there is no key "${key}"`, remedy)
    if (pairs[key] !== undefined) throw new WrongRule(`"${key}" is given twice`, 'Give it once')
    if (key === rest) {
      pairs[key] = text.slice(equals + 1)
      break
    }
    let value = ''
    for (p = equals + 1; p < text.length && text[p] !== ','; p++) {
      if (text[p] === '\\' && p + 1 < text.length) p++
      value += text[p]
    }
    pairs[key] = value
    p++
  }
  return pairs
}

/** For kinds without arguments. */
export function readNothing(args: string): null {
  if (args !== '') throw new WrongRule(`"${args}" behind the colon has no meaning`, 'Leave it out')
  return null
}

/** Status of an answer. */
export function readStatus(text: string): number {
  if (!/^[2-5]\d\d$/.test(text)) {
    throw new WrongRule(`"${text}" is no status code`, 'Give a number from 200 to 599')
  }
  return Number(text)
}

/** "CODE" or "CODE REASON". */
export function readStatusLine(text: string): { status: number; reason: string } {
  const space = text.indexOf(' ')
  const status = readStatus(space < 0 ? text : text.slice(0, space))
  const reason = space < 0 ? '' : asBytes(text.slice(space + 1))
  if (isHarmful(reason)) throw new WrongRule('a reason cannot hold line ends', 'Leave them out')
  return { status, reason }
}

/** A whole number. @param what it is, for the message */
export function readCount(text: string, what: string, most = 2_147_483_647): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : -1
  if (count < 0 || count > most) {
    throw new WrongRule(`"${text}" is no ${what}`, `Give a whole number from 0 to ${most}`)
  }
  return count
}

/** As C's strtol reads a text: blanks, a sign, digits; what follows is ignored, and nothing is 0. */
export function leadingNumber(text: string): number {
  const digits = /^[ \t-\r]*([+-]?\d{1,19})/.exec(text)
  return digits === null ? 0 : Number(digits[1])
}
