// config/magic.ts: magic variables, %d and its like, which stand for facts about the file being read.
import { basename, dirname, extname } from 'node:path'

/** Facts about one file. `path` is absolute; null for standard input, which leaves most variables empty. */
export interface FileFacts {
  /** As asked for, section included. */
  readonly given: string
  readonly section: string
  readonly path: string | null
  readonly inode: string
}

/** By letter. */
export type MagicVariables = Readonly<Record<string, string>>

/** Pure. The lower-case variables of a file: %o %p %s %n %e %d %c %0…%9 %x %i %j. */
export function fileVariables(file: FileFacts): MagicVariables {
  const digits = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [String(i), '']))
  const always = {
    ...digits,
    p: '',
    s: '',
    n: '',
    e: '',
    d: '',
    c: '',
    i: '',
    j: '',
    o: file.given,
    x: file.section,
  }
  if (file.path === null) return always
  const directory = dirname(file.path)
  const components = directory.split('/').filter(part => part !== '')
  return {
    ...always,
    ...Object.fromEntries(components.slice(0, 10).map((part, i) => [String(i), part])),
    p: file.path,
    s: basename(file.path),
    n: basename(file.path, extname(file.path)),
    e: extname(file.path).slice(1),
    d: directory === '/' ? '/' : `${directory}/`,
    c: basename(directory),
    i: file.inode,
    j: djb33x(file.path).toString(16),
  }
}

/** Pure. The same in upper case, fixed by the first file read; all empty before there is one. */
export function upperVariables(first: MagicVariables | null): MagicVariables {
  const letters = [...'opsnedcxij']
  return Object.fromEntries(letters.map(letter => [letter.toUpperCase(), first?.[letter] ?? '']))
}

/**
 * Pure. Replaces every pair of "%" and a letter: "%%" gives "%", "%(" stays for the placeholders, an unknown
 * letter gives nothing and is reported. A "%" at the end of the line stays.
 */
export function replaceMagic(
  line: string,
  variables: MagicVariables,
  onUnknown: (letter: string) => void,
): string {
  if (!line.includes('%')) return line
  return line.replace(/%([^\r\n])/gu, (pair, letter: string) => {
    if (letter === '%') return '%'
    if (letter === '(') return pair
    if (Object.hasOwn(variables, letter)) return variables[letter]!
    onUnknown(letter)
    return ''
  })
}

// Bernstein's hash with xor, over the bytes of the path, in 32 bits.
function djb33x(path: string): number {
  let hash = 5381
  for (const byte of Buffer.from(path)) hash = (((hash << 5) + hash) ^ byte) >>> 0
  return hash
}
