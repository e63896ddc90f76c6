// test/routing/rules/regex/random-pattern.ts: patterns of every construct, and subjects that come near them.
import type { Random } from '../../../long/fuzz-random.ts'

const PIECES = ['a', 'b', 'c', 'A', '/', '\\.', '.', '\\d', '\\w', '\\s', '\\S', '[ab]', '[^a]', '[a-c]', '[^/]', '[[:alpha:]]', '[^[:digit:]b]', '[]a]', '\\x61', '\\x{62}', '\\141', '\\n', '\\r', '\\h', '\\v', '\\N', '\\R', '\\Qa.\\E', '\\C', '[\\d-]', '\\t', '1', '-', 'ab', 'abc'] // biome-ignore format: one list
const ASSERTIONS = ['^', '$', '\\A', '\\z', '\\Z', '\\b', '\\B', '\\G']
const QUANTIFIERS = ['*', '+', '?', '{2}', '{1,2}', '{0,3}', '{2,}', '{0}', '{1}', '{17}', '{0,20}', '{3,18}', '{,3}'] // biome-ignore format: one list
const OPENINGS = ['(', '(', '(', '(?:', '(?:', '(?i:', '(?s:', '(?m:', '(?i-s:', '(?x: ', '(?U:']
const LOOKS = ['(?=', '(?!', '(?<=', '(?<!', '(?>']
const OPTIONS = ['(?i)', '(?s)', '(?m)', '(?x)', '(?-i)', '(?#note)']
const BYTES = ['a', 'a', 'a', 'b', 'b', 'c', 'A', 'B', '/', '.', '1', '-', ' ', '\t', '\n', '\n', '\r', '\xa0', '\xe9', '_', '\0'] // biome-ignore format: one list

/** @param depth how far groups may nest yet */
export function randomPattern(random: Random, depth = 3): string {
  let text = random.below(4) === 0 && depth === 3 ? '^' : ''
  for (let items = 1 + random.below(4); items > 0; items--) text += item(random, depth)
  if (random.below(4) === 0) text += random.below(3) > 0 ? '$' : `|${item(random, depth)}`
  return text
}

function item(random: Random, depth: number): string {
  const kind = random.below(20)
  if (kind < 2) return one(random, ASSERTIONS)
  if (kind === 2) return one(random, OPTIONS)
  if (kind === 3 && random.below(3) === 0) return `\\${1 + random.below(2)}`
  const body =
    kind > 12 && depth > 0
      ? `${one(random, kind === 13 ? LOOKS : OPENINGS)}${randomPattern(random, depth - 1)}${random.below(3) === 0 ? `|${randomPattern(random, depth - 1)}` : ''})`
      : one(random, PIECES)
  if (random.below(3) > 0) return body
  return body + one(random, QUANTIFIERS) + one(random, ['', '', '?', '+'])
}

export function randomSubject(random: Random): string {
  let text = ''
  for (let length = random.below(9); length > 0; length--) text += one(random, BYTES)
  if (random.below(12) === 0) text = text.repeat(1 + random.below(12))
  return random.below(6) === 0 ? `${text}\n` : text
}

function one(random: Random, list: readonly string[]): string {
  return list[random.below(list.length)]!
}
