// config/balance-kind.ts: `balance = key=KEY,policy=NAME,…`: how the requests of a key are spread over its nodes.
import { z } from 'zod'
import type { HashOn } from '../base/picture.ts'
import { POLICIES, type Policy } from '../base/policy.ts'
import { readBackendKey } from './backend-key.ts'
import { type Kind, refuse, seconds } from './kinds.ts'
import { readWords, wholeNumber } from './words.ts'

/** One line. Numbers are those of the whole instance, not of one gateway. */
export interface BalanceLine {
  /** As of the table; '*': all keys without a line of their own, and the nodes of http-to. */
  readonly key: string
  /** null: as nodes ask for when they announce themselves, else subscription-algo. */
  readonly policy: Policy | null
  /** null: not written; the policy hash then goes by the client's address. */
  readonly on: HashOn | null
  /** Name of a cookie; '': none. */
  readonly sticky: string
  readonly slowStartMs: number
  /** Of each node; 0: none. */
  readonly limit: number
  readonly queueLength: number
  /** null: not written. */
  readonly queueMs: number | null
  /** From 0 to 1. */
  readonly mostEjectedShare: number
}

export const DEFAULT_QUEUE_MS = 5_000
const DEFAULT_EJECTED = '50'
const MOST = 1_000_000
const WORDS = [
  'key',
  'policy',
  'on',
  'sticky',
  'slow-start',
  'limit',
  'queue',
  'queue-timeout',
  'max-ejected',
] as const
const ON = 'address, path, cookie:NAME, header:NAME and variable:NAME'
/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/
const VARIABLE = /^[A-Z][A-Z0-9_]{0,99}$/

export const balanceLine: Kind<BalanceLine> = {
  schema: z.string().transform((text, ctx): BalanceLine => {
    const said = readWords(text, WORDS)
    if (typeof said === 'string') return refuse(ctx, text, said)
    const read = readLine(said)
    return 'problem' in read ? refuse(ctx, text, read.problem, read.remedy) : read
  }),
  metavar: 'key=KEY|*[,policy=NAME][,limit=N]…',
  remedy: 'Write key=shop.example,policy=p2c, or key=* for all keys',
}

type Said = ReadonlyMap<(typeof WORDS)[number], string>
interface Wrong {
  readonly problem: string
  readonly remedy?: string
}

function readLine(said: Said): BalanceLine | Wrong {
  const written = said.get('key') ?? ''
  const key = written === '*' ? '*' : readBackendKey(written)
  if (typeof key !== 'string') return key
  const policy = said.get('policy') ?? null
  if (policy !== null && !isPolicy(policy)) {
    return { problem: `"${policy}" is no policy`, remedy: `Write one of ${POLICIES.join(', ')}` }
  }
  const on = said.has('on') ? hashOn(said.get('on')!) : null
  if (on !== null && 'problem' in on) return on
  const sticky = said.get('sticky') ?? ''
  if (said.has('sticky') && !TOKEN.test(sticky)) return { problem: `"${sticky}" is no name of a cookie` }
  const slowStartMs = time(said, 'slow-start', 0)
  const queueMs = time(said, 'queue-timeout', null)
  const limit = count(said, 'limit')
  const queueLength = count(said, 'queue')
  for (const value of [slowStartMs, queueMs, limit, queueLength]) {
    if (typeof value === 'object' && value !== null) return value
  }
  const percent = wholeNumber((said.get('max-ejected') ?? DEFAULT_EJECTED).replace(/%$/, ''), 0, 100)
  if (percent === null) {
    return { problem: `max-ejected ${said.get('max-ejected')} is not a whole number from 0 to 100` }
  }
  return {
    key,
    policy,
    on,
    sticky,
    slowStartMs: slowStartMs as number,
    limit: limit as number,
    queueLength: queueLength as number,
    queueMs: queueMs as number | null,
    mostEjectedShare: percent / 100,
  }
}

function isPolicy(word: string): word is Policy {
  return (POLICIES as readonly string[]).includes(word)
}

function hashOn(text: string): HashOn | Wrong {
  if (text === 'address' || text === 'path') return { kind: text }
  const [, kind, name = ''] = /^(cookie|header|variable):(.*)$/.exec(text) ?? []
  if (kind === undefined) return { problem: `on=${text} is none of ${ON}` }
  if (kind === 'variable') {
    return VARIABLE.test(name)
      ? { kind, name }
      : {
          problem: `"${name}" is no variable`,
          remedy: 'Write one as uwsgi nodes get it, such as HTTP_X_USER',
        }
  }
  if (!TOKEN.test(name)) return { problem: `"${name}" is no name of a ${kind}` }
  return kind === 'cookie' ? { kind, name } : { kind: 'header', name: name.toLowerCase() }
}

function time<F>(said: Said, word: 'slow-start' | 'queue-timeout', fallback: F): number | F | Wrong {
  const text = said.get(word)
  if (text === undefined) return fallback
  const { data, error } = seconds(word === 'slow-start' ? 0 : 1).schema.safeParse(text)
  return data ?? { problem: `${word} ${text} is wrong: ${error!.issues[0]!.message}` }
}

function count(said: Said, word: 'limit' | 'queue'): number | Wrong {
  const text = said.get(word) ?? '0'
  return wholeNumber(text, 0, MOST) ?? { problem: `${word} ${text} is not a whole number from 0 to ${MOST}` }
}
