// config/health-kind.ts: `health-check = key=GLOB,http=/PATH|tcp|uwsgi,…`: how the nodes of some keys are checked.
import { z } from 'zod'
import { type Kind, refuse, seconds } from './kinds.ts'

/** How one check is made. */
export type CheckMethod =
  /** A GET is answered with one of these statuses. `host` is what it says as Host; '': the node's key. */
  | {
      readonly kind: 'http'
      readonly path: string
      readonly statuses: readonly StatusRange[]
      readonly host: string
    }
  /** A connection can be had. */
  | { readonly kind: 'tcp' }
  /** A uWSGI answers a ping. */
  | { readonly kind: 'uwsgi' }

/** Both ends belong to it. */
export interface StatusRange {
  readonly from: number
  readonly to: number
}

/** One line. */
export interface HealthCheck {
  /** Pattern of keys, in lower case; '*': all, and the nodes of http-to and http-fallback. */
  readonly key: string
  readonly method: CheckMethod
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Successes in a row that make a node well again, failures in a row that make it unwell. */
  readonly rise: number
  readonly fall: number
}

const METHODS = ['http', 'tcp', 'uwsgi'] as const
const WORDS = [...METHODS, 'key', 'status', 'interval', 'timeout', 'rise', 'fall', 'host'] as const
type Word = (typeof WORDS)[number]

const MOST_IN_A_ROW = 100
const ONE_METHOD = 'Write one of http=/PATH, tcp and uwsgi'

export const healthCheck: Kind<HealthCheck> = {
  schema: z.string().transform((text, ctx): HealthCheck => {
    const no = (problem: string, remedy?: string) => refuse(ctx, text, problem, remedy)
    const said = new Map<Word, string>()
    const statuses: StatusRange[] = []
    for (const part of text.split(',')) {
      const [name = '', ...rest] = part.split('=')
      const word = WORDS.find(each => each === name.trim())
      if (word === undefined) return no(`"${part.trim()}" is no part of a check`)
      const value = rest.join('=').trim()
      const isSwitch = word === 'tcp' || word === 'uwsgi'
      if (isSwitch !== (rest.length === 0)) {
        if (isSwitch) return no(`${word} takes no value`)
        if (word !== 'http') return no(`${word} has no value`)
      }
      if (word === 'status') {
        const range = statusRange(value)
        if (range === null)
          return no(`"${value}" is no status`, 'Write status=200, or a range as status=200-399')
        statuses.push(range)
      } else if (said.has(word)) return no(`${word} is given twice`)
      else said.set(word, value)
    }
    const methods = METHODS.filter(method => said.has(method))
    if (methods.length !== 1)
      return no(methods.length === 0 ? 'it says no method' : 'it has two methods', ONE_METHOD)
    const host = said.get('host') ?? ''
    if ((statuses.length > 0 || host !== '') && methods[0] !== 'http') {
      return no(`status and host belong to http`, `Take them out, or use http=/PATH`)
    }
    if (!/^[\w.:[\]-]*$/.test(host)) return no(`"${host}" is no host`)
    const path = said.get('http') || '/'
    if (!/^\/[\x21-\x7e]*$/.test(path)) return no(`"${path}" is no path`, 'Write http=/PATH')
    const key = (said.get('key') ?? '*').toLowerCase()
    if (!/^[\x21-\x7e]+$/.test(key)) return no(`"${key}" is no pattern of keys`)
    const interval = lengthOfTime(said.get('interval') ?? '5')
    const timeout = lengthOfTime(said.get('timeout') ?? '2')
    if (interval === null) return no('interval is no length of time', TIME_REMEDY)
    if (timeout === null) return no('timeout is no length of time', TIME_REMEDY)
    const rise = inARow(said.get('rise') ?? '2')
    const fall = inARow(said.get('fall') ?? '3')
    if (rise === null || fall === null) {
      return no(`${rise === null ? 'rise' : 'fall'} is not a whole number from 1 to ${MOST_IN_A_ROW}`)
    }
    const http = { kind: 'http', path, host, statuses: statuses.length > 0 ? statuses : WELL } as const
    const method = methods[0] === 'http' ? http : { kind: methods[0]! }
    return { key, method, intervalMs: interval, timeoutMs: timeout, rise, fall }
  }),
  metavar: 'METHOD[,key=GLOB][,NAME=VALUE...]',
  remedy: 'Write key=shop.example,http=/health, and if need be more, such as ,interval=5',
}

/** What HAProxy takes for well, too. */
const WELL: readonly StatusRange[] = [{ from: 200, to: 399 }]
const TIME = seconds(1)
const TIME_REMEDY = TIME.remedy

function lengthOfTime(text: string): number | null {
  const { data } = TIME.schema.safeParse(text)
  return data ?? null
}

function statusRange(text: string): StatusRange | null {
  const [, from, to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text) ?? []
  if (from === undefined || Number(to) < Number(from)) return null
  return { from: Number(from), to: Number(to) }
}

function inARow(text: string): number | null {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_IN_A_ROW ? Number(text) : null
}
