// subscription/client/key-list.ts: a file of keys to announce: one a line, "#" before what is no key.
import { type Problem, wrong } from '../problem.ts'

export interface ListedKey {
  readonly key: string
  readonly modifier1: number
}

const LONGEST_KEY = 255

/** Reads lines of `KEY[,MODIFIER1]`. @returns what is wrong names the line's number */
export function parseKeyList(text: string): ListedKey[] | Problem {
  const keys: ListedKey[] = []
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const written = line.trim()
    if (written === '' || written.startsWith('#')) continue
    const [, key = '', modifier1 = '0'] = /^([!-+\--~]+)(?:\s*,\s*(\d{1,3}))?$/.exec(written) ?? []
    if (key === '' || key.length > LONGEST_KEY || Number(modifier1) > 255)
      return wrong(`line ${i + 1}, "${written.slice(0, 80)}", is no key`, 'Write KEY or KEY,MODIFIER1')
    keys.push({ key, modifier1: Number(modifier1) })
  }
  return keys
}
