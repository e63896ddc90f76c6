// routing/rules/ours/js.ts: a function of the operator's decides. It runs in a process of its own; what it returns is believed in nothing.
import { isBodiless } from '../../../base/status-text.ts'
import { type ActionKind, REQUEST_ONLY, WrongRule } from '../action.ts'
import { answer } from '../actions/replies.ts'
import { ASK, type Ask, BREAK, type Code, NEXT } from '../ask.ts'
import type { JsAnswer, JsAsked } from '../asked.ts'
import { isFieldName, isForNoNode, isFraming, isHarmful, locationOf } from '../fields.ts'
import type { Run } from '../run.ts'
import { asBytes } from '../template.ts'
import { readDuration } from './duration.ts'
import type { RuleRequest } from './js-types.ts'

const DEFAULT_MS = 50
const MOST_MS = 10_000
const BODY_LIMIT = 1_048_576
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const KEYS = {
  pass: ['setHeaders', 'key', 'addHeaders'],
  redirect: ['redirect', 'status'],
  answer: ['status', 'headers', 'body'],
} as const

interface JsData {
  readonly file: string
  readonly stamp: string
  readonly name: string
  readonly timeoutMs: number
}

const js: ActionKind<JsData> = {
  names: ['js'],
  ours: true,
  syntax: 'FILE#NAME[,timeout=TIME]',
  doc:
    'A function that the file exports decides: it is given the head of the request, and returns nothing to let it ' +
    'pass, or fields to set, a key, a redirect or an answer. It runs in a process of its own and has 50 ms unless ' +
    'more are given; an error, or no decision in time, is a 500. A reload takes it anew when the file or ' +
    'one that it loads has changed. The types are those of "sluice/rules".',
  chains: REQUEST_ONLY,
  read(args, { files }) {
    const [, file = '', name = '', timeout] =
      /^(.+)#([\p{ID_Start}$_][\p{ID_Continue}$]*)(?:,timeout=(.*))?$/u.exec(args) ?? []
    if (file === '') throw new WrongRule(`"${args}" names no function`, 'Write FILE.ts#NAME')
    return {
      ...files.js(file, name),
      name,
      timeoutMs: timeout === undefined ? DEFAULT_MS : readDuration(timeout, MOST_MS),
    }
  },
  make({ file, stamp, name, timeoutMs }, { place }) {
    const settle = (run: Run, said: unknown): Code => {
      const told = said as JsAnswer | undefined
      const problem = told?.kind === 'returned' ? follow(run, told.decision) : failed(told)
      if (typeof problem !== 'string') return problem
      run.world.log(`${place}: ${name} of ${file}: ${problem}`)
      return answer(run, 500, '', 'text/plain', 'Internal Server Error')
    }
    return run => {
      const data: JsAsked = { file, stamp, name, timeoutMs, request: requestOf(run) }
      run.ask = { kind: 'js', data, settle } satisfies Ask
      return ASK
    }
  },
}

function failed(told: JsAnswer | undefined): string {
  return told?.kind === 'failed' ? told.why : 'nobody runs it'
}

function requestOf(run: Run): RuleRequest {
  const { source } = run
  const headers: Record<string, string> = {}
  for (const name of source.fieldNames()) addField(headers, run, name)
  if (run.fields !== null) for (const name of run.fields.keys()) addField(headers, run, name)
  return {
    method: source.read('REQUEST_METHOD') ?? '',
    url: source.read('REQUEST_URI') ?? '',
    path: Buffer.from(run.read('PATH_INFO') ?? '', 'latin1').toString(),
    query: run.read('QUERY_STRING') ?? '',
    host: run.field('host') ?? '',
    headers,
    remoteAddress: source.client,
    isTls: source.read('HTTPS') !== undefined,
  }
}

function addField(headers: Record<string, string>, run: Run, name: string): void {
  const value = run.field(name)
  // "__proto__" is a name that a client may send.
  if (value !== undefined)
    Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true })
}

// @returns what is wrong with it, in words
function follow(run: Run, decision: unknown): Code | string {
  if (decision === undefined || decision === null) return NEXT
  const given = recordOf(decision)
  if (given === null) return `${typeof decision} is no decision`
  const kind = 'redirect' in given ? 'redirect' : 'status' in given ? 'answer' : 'pass'
  const unknown = Object.keys(given).find(key => !(KEYS[kind] as readonly string[]).includes(key))
  if (unknown !== undefined) return `a decision has no "${unknown.slice(0, 60)}" here`
  if (kind === 'pass') return pass(run, given)
  return kind === 'redirect' ? redirect(run, given) : answerWith(run, given)
}

function pass(run: Run, { setHeaders, key, addHeaders }: Record<string, unknown>): Code | string {
  if (key !== undefined) {
    if (typeof key !== 'string' || !/^[A-Za-z0-9._:[\]/-]+$/.test(key)) return 'key is no key'
    run.key = key
  }
  const fields = entries(setHeaders)
  if (fields === null) return 'setHeaders is no object'
  for (const [name, value] of fields) {
    if (!isFieldName(name) || isForNoNode(name.toLowerCase())) return `"${name}" cannot be set`
    if (value === null) {
      run.removeField(name.toLowerCase())
      continue
    }
    if (typeof value !== 'string' || isHarmful(value)) return `the value of "${name}" is none`
    const code = run.setField(name, asBytes(value))
    if (code !== NEXT) return code
  }
  const lines = linesOf(addHeaders)
  if (typeof lines === 'string') return lines
  for (const line of lines) {
    const code = run.addLine(line)
    if (code !== NEXT) return code
  }
  return NEXT
}

function redirect(run: Run, { redirect: url, status = 302 }: Record<string, unknown>): Code | string {
  if (typeof url !== 'string') return 'redirect is no text'
  if (typeof status !== 'number' || !REDIRECTS.has(status)) return 'status is none of a redirect'
  answer(run, status, '', '', '')
  run.reply.fields.push(`Location: ${locationOf(asBytes(url))}`)
  return BREAK
}

function answerWith(run: Run, { status, headers, body = '' }: Record<string, unknown>): Code | string {
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599)
    return 'status is none'
  if (typeof body !== 'string' || body.length > BODY_LIMIT) return 'body is no text, or too long'
  const lines = linesOf(headers)
  if (typeof lines === 'string') return lines
  const isTyped = lines.some(line => /^content-type:/i.test(line)) || isBodiless(status as number)
  answer(run, status as number, '', isTyped ? '' : 'text/plain; charset=utf-8', asBytes(body))
  run.reply.fields.push(...lines)
  return BREAK
}

// @returns what is wrong, in words
function linesOf(fields: unknown): string[] | string {
  const lines: string[] = []
  const given = entries(fields)
  if (given === null) return 'what should be fields is no object'
  for (const [name, value] of given) {
    if (!isFieldName(name) || isFraming(name.toLowerCase())) return `"${name}" cannot be set`
    if (typeof value !== 'string' || isHarmful(value)) return `the value of "${name}" is none`
    lines.push(`${name}: ${asBytes(value)}`)
  }
  return lines
}

// Null: no object of fields.
function entries(fields: unknown): [string, unknown][] | null {
  if (fields === undefined || fields === null) return []
  const given = recordOf(fields)
  return given === null ? null : Object.entries(given)
}

// An error, a map or a date has no keys, and would let everything pass.
function recordOf(value: unknown): Record<string, unknown> | null {
  const isPlain =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return isPlain ? (value as Record<string, unknown>) : null
}

/** The modules of rules, by their data: a gateway starts them before they are met. */
export function jsModule(action: {
  readonly name: string
  readonly data: unknown
}): Pick<JsData, 'file' | 'stamp'> | null {
  return action.name === 'js' ? (action.data as JsData) : null
}

export const jsActions: readonly ActionKind[] = [js]
