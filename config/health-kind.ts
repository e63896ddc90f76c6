// config/health-kind.ts: `health-check = key=GLOB,http=/PATH|tcp|uwsgi,…`: how the nodes of some keys are checked.
import { z } from 'zod'
import { lowerHost } from '../base/table-key.ts'
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
/** What HAProxy takes for well, too. */
const WELL: readonly StatusRange[] = [{ from: 200, to: 399 }]

export const healthCheck: Kind<HealthCheck> = {
  schema: z.string().transform((text, ctx): HealthCheck => {
    const read = readLine(text)
    return typeof read === 'string' ? refuse(ctx, text, read) : read
  }),
  metavar: 'METHOD[,key=GLOB][,NAME=VALUE...]',
  remedy:
    'Write one of http=/PATH, tcp and uwsgi, and if need be key=GLOB, interval=, timeout=, rise=, fall=; for http also status=200-399 and host=NAME',
}

// @returns what is wrong, as a text
function readLine(text: string): HealthCheck | string {
  const said = readWords(text)
  if (typeof said === 'string') return said
  const method = readMethod(said)
  if (typeof method === 'string') return method
  const key = said.get('key')?.[0] ?? '*'
  if (!/^[\x21-\x7e]+$/.test(key)) return `"${key}" is no pattern of keys`
  const intervalMs = lengthOfTime(said.get('interval')?.[0] ?? '5')
  if (intervalMs === null) return 'interval is no length of time'
  const timeoutMs = lengthOfTime(said.get('timeout')?.[0] ?? '2')
  if (timeoutMs === null) return 'timeout is no length of time'
  const rise = inARow(said.get('rise')?.[0] ?? '2')
  if (rise === null) return `rise is not a whole number from 1 to ${MOST_IN_A_ROW}`
  const fall = inARow(said.get('fall')?.[0] ?? '3')
  if (fall === null) return `fall is not a whole number from 1 to ${MOST_IN_A_ROW}`
  return { key: lowerHost(key), method, intervalMs, timeoutMs, rise, fall }
}

/** What the line says, by word; only status may be there more than once. */
function readWords(text: string): Map<Word, string[]> | string {
  const said = new Map<Word, string[]>()
  for (const part of text.split(',')) {
    const equals = part.indexOf('=')
    const name = (equals < 0 ? part : part.slice(0, equals)).trim()
    const word = WORDS.find(each => each === name)
    if (word === undefined) return `"${part.trim()}" is no part of a check`
    if (equals < 0 && !METHODS.some(method => method === word)) return `${word} has no value`
    if (equals >= 0 && (word === 'tcp' || word === 'uwsgi')) return `${word} takes no value`
    const values = said.get(word) ?? []
    if (values.length > 0 && word !== 'status') return `${word} is given twice`
    said.set(word, [...values, equals < 0 ? '' : part.slice(equals + 1).trim()])
  }
  return said
}

function readMethod(said: ReadonlyMap<Word, readonly string[]>): CheckMethod | string {
  const [kind, second] = METHODS.filter(method => said.has(method))
  if (kind === undefined) return 'it says no method'
  if (second !== undefined) return 'it has two methods'
  if (kind !== 'http')
    return said.has('status') || said.has('host') ? 'status and host belong to http' : { kind }
  const path = said.get('http')?.[0] || '/'
  if (!/^\/[\x21-\x7e]*$/.test(path)) return `"${path}" is no path`
  const host = said.get('host')?.[0] ?? ''
  if (!/^[\w.:[\]-]*$/.test(host)) return `"${host}" is no host`
  const statuses: StatusRange[] = []
  for (const text of said.get('status') ?? []) {
    const range = statusRange(text)
    if (range === null) return `"${text}" is no status`
    statuses.push(range)
  }
  return { kind, path, host, statuses: statuses.length > 0 ? statuses : WELL }
}

function lengthOfTime(text: string): number | null {
  return seconds(1).schema.safeParse(text).data ?? null
}

function statusRange(text: string): StatusRange | null {
  const [, from, to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text) ?? []
  if (from === undefined || Number(to) < Number(from)) return null
  return { from: Number(from), to: Number(to) }
}

function inARow(text: string): number | null {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_IN_A_ROW ? Number(text) : null
}
