// routing/rules/actions/choosing.ts: which nodes get a request: by a key, by a hash, by shares.
import { hashOf } from '../../balance/text-hash.ts'
import { type ActionKind, EVERY_CHAIN, REQUEST_ONLY, type Reading, WrongRule } from '../action.ts'
import { leadingNumber, readCount, readPairs } from '../arguments.ts'
import { NEXT } from '../ask.ts'
import { isFieldName } from '../fields.ts'
import type { Run } from '../run.ts'
import { asBytes, constantOf, readTemplate, type Template, textOf } from '../template.ts'
import { readVariable } from './variables.ts'

const key: ActionKind<Template> = {
  names: ['key'],
  ours: true,
  syntax: 'KEY',
  doc: 'Sends the request to the nodes of that key, in place of those that its Host has.',
  chains: REQUEST_ONLY,
  read(args, reading) {
    if (args === '') throw new WrongRule('the key is missing', 'Write the key of a backend')
    const template = readTemplate(args, reading)
    const fixed = constantOf(template)
    if (fixed !== null) warnOfKey(fixed, reading)
    return template
  },
  make(template) {
    const text = textOf(template)
    const isFixed = constantOf(template) !== null
    return run => {
      const chosen = text(run)
      // A client may choose what it could also name as a host: no node that only rules lead to.
      if (!isFixed && !/^[A-Za-z0-9._:[\]/-]+$/.test(chosen)) return run.refuse(400)
      run.key = chosen
      return NEXT
    }
  },
}

/** Where nothing can serve a key that a rule names. */
export function warnOfKey(named: string, reading: Reading): void {
  if (reading.canServe(named)) return
  reading.warn(
    `nothing serves the key "${named}": no backend has it, and no node can announce it`,
    'Add a line "backend = key=…,address=…" for it, or correct the key',
  )
}

type Hash = (run: Run, key: string) => number

interface Hashed {
  readonly key: Template
  readonly variable: string
  readonly items: readonly string[]
  readonly algo: string
}

const ALGORITHMS: Readonly<Record<string, () => Hash>> = {
  djb33x: () => (_, text) => djb33x(text),
  murmur2: () => (_, text) => murmur2(text),
  rand: () => randomly,
  random: () => randomly,
  rr: byTurns,
}

const hash: ActionKind<Hashed> = {
  names: ['hash'],
  ours: false,
  syntax: 'key=TEXT,var=NAME,items=A;B;C[,algo=djb33x|murmur2|rand|rr]',
  doc: 'Sets a variable to one of the items: the same one for the same text.',
  chains: EVERY_CHAIN,
  read(args, reading) {
    const pairs = readPairs(args, ['key', 'var', 'items', 'algo'])
    const algo = pairs.algo ?? 'djb33x'
    if (!Object.hasOwn(ALGORITHMS, algo)) {
      throw new WrongRule(
        `there is no algorithm "${algo}"`,
        `Take one of ${Object.keys(ALGORITHMS).join(', ')}`,
      )
    }
    const items = (pairs.items ?? '').replace(/;$/, '').split(';').map(asBytes)
    if (items[0] === '' && items.length === 1) throw new WrongRule('there are no items', 'Write items=A;B;C')
    // Without one all requests would get the same item.
    if (pairs.key === undefined && ALGORITHMS[algo]!() !== randomly)
      throw new WrongRule('"key" is missing', 'Write key=${REMOTE_ADDR}, or whatever shall decide')
    return {
      key: readTemplate(pairs.key ?? '', reading),
      variable: readVariable(pairs.var ?? ''),
      items,
      algo,
    }
  },
  make({ key: template, variable, items, algo }) {
    const text = textOf(template)
    const hashed = ALGORITHMS[algo]!()
    return run => run.set(variable, items[hashed(run, text(run)) % items.length]!)
  },
}

function djb33x(text: string): number {
  let h = 5381
  for (let i = 0; i < text.length; i++) h = Math.imul(h, 33) ^ signed(text.charCodeAt(i))
  return h >>> 0
}

// MurmurHash2 as nginx has it, but for the last bytes, which uWSGI takes as signed.
function murmur2(text: string): number {
  const factor = 0x5bd1e995
  let h = text.length
  let i = 0
  for (; text.length - i >= 4; i += 4) {
    let k =
      text.charCodeAt(i) |
      (text.charCodeAt(i + 1) << 8) |
      (text.charCodeAt(i + 2) << 16) |
      (text.charCodeAt(i + 3) << 24)
    k = Math.imul(k, factor)
    k = Math.imul(k ^ (k >>> 24), factor)
    h = Math.imul(h, factor) ^ k
  }
  const left = text.length - i
  if (left >= 3) h ^= signed(text.charCodeAt(i + 2)) << 16
  if (left >= 2) h ^= signed(text.charCodeAt(i + 1)) << 8
  if (left >= 1) h = Math.imul(h ^ signed(text.charCodeAt(i)), factor)
  h = Math.imul(h ^ (h >>> 13), factor)
  return (h ^ (h >>> 15)) >>> 0
}

function signed(byte: number): number {
  return (byte << 24) >> 24
}

function randomly(run: Run): number {
  return Math.floor(run.world.random() * 0x1_0000_0000)
}

// Counts up to the number that the key is, then begins again.
function byTurns(): Hash {
  let turn = 0
  return (_, text) => {
    const now = turn
    turn = turn + 1 > leadingNumber(text) ? 0 : turn + 1
    return now
  }
}

interface Split {
  /** Shares add up to 1 in the order given: `until` is where each ends. */
  readonly arms: readonly { readonly key: string; readonly mark: string; readonly until: number }[]
  readonly by: Template | null
  readonly cookie: string
  readonly maxAge: number
}

const split: ActionKind<Split> = {
  names: ['split'],
  ours: true,
  syntax: 'keys=KEY*SHARE;KEY*SHARE[,by=TEXT][,cookie=NAME[,max-age=SECONDS]]',
  doc:
    'Sends each request to the nodes of one of these keys, by their shares: of all requests, or, with "by", of all ' +
    'values of a text, the same value always to the same key. With a cookie a client stays with its first key.',
  chains: REQUEST_ONLY,
  read: readSplit,
  make({ arms, by, cookie, maxAge }) {
    const text = by === null ? null : textOf(by)
    const life = maxAge === 0 ? '' : `; Max-Age=${maxAge}`
    return run => {
      const known = cookie === '' ? undefined : run.source.cookie(cookie)
      const before =
        known === undefined ? undefined : arms.find(({ mark, until }) => mark === known && until > 0)
      if (before !== undefined) {
        run.key = before.key
        return NEXT
      }
      const point = text === null ? run.world.random() : hashOf(text(run)) / 0x1_0000_0000
      const arm = arms.find(({ until }) => point < until) ?? arms[arms.length - 1]!
      run.key = arm.key
      if (cookie === '') return NEXT
      return run.addLine(`Set-Cookie: ${cookie}=${arm.mark}; Path=/${life}; HttpOnly; SameSite=Lax`)
    }
  },
}

function readSplit(args: string, reading: Reading): Split {
  const pairs = readPairs(args, ['keys', 'by', 'cookie', 'max-age'])
  const cookie = pairs.cookie ?? ''
  if (cookie !== '' && !isFieldName(cookie))
    throw new WrongRule(`"${cookie}" is no name of a cookie`, 'Use letters')
  if (pairs['max-age'] !== undefined && cookie === '')
    throw new WrongRule('"max-age" is of a cookie', 'Name it')
  const arms = (pairs.keys ?? '').split(';').map(readArm)
  for (const arm of arms) if (arm.share > 0) warnOfKey(arm.key, reading)
  const sum = arms.reduce((all, { share }) => all + share, 0)
  if (sum === 0) throw new WrongRule('all shares are 0', 'Give at least one key a share')
  let until = 0
  return {
    arms: arms
      .filter(({ share }) => share > 0)
      .map(({ key: name, share }) => {
        until += share / sum
        // Of the key's name a client learns nothing, and the mark stays when shares and their order change.
        return { key: name, mark: hashOf(name).toString(36), until }
      }),
    by: pairs.by === undefined ? null : readTemplate(pairs.by, reading),
    cookie,
    maxAge: readCount(pairs['max-age'] ?? '0', 'number of seconds'),
  }
}

function readArm(text: string): { key: string; share: number } {
  const star = text.lastIndexOf('*')
  if (star <= 0) throw new WrongRule(`"${text}" is no KEY*SHARE`, 'Write "keys=stable*95;canary*5"')
  return { key: asBytes(text.slice(0, star)), share: readCount(text.slice(star + 1), 'share') }
}

export const choosingActions: readonly ActionKind[] = [key, hash, split]
