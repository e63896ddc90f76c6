// routing/rules/ours/auth-request.ts: another service decides who gets in. What is not clearly a yes is a no.

import { type ActionKind, REQUEST_ONLY, type Reading, WrongRule } from '../action.ts'
import { answer } from '../actions/replies.ts'
import { readPairs } from '../arguments.ts'
import { ASK, type Ask, BREAK, type Code, NEXT } from '../ask.ts'
import type { AuthAnswer, AuthAsked } from '../asked.ts'
import { isFieldName, isForNoNode, isFraming, isHarmful, locationOf, percent } from '../fields.ts'
import type { Run } from '../run.ts'
import type { RequestSource } from '../source.ts'
import { pathOf, queryOf } from '../target.ts'
import { readTemplate, type Template, textOf } from '../template.ts'
import { readDuration } from './duration.ts'

const DEFAULT_MS = 5_000
const MOST_MS = 60_000
const DEFAULT_SENT = ['Authorization', 'Cookie', 'User-Agent', 'Accept']
/** What of a no goes to the client, beside its status. */
const PASSED = ['WWW-Authenticate', 'Location', 'Set-Cookie', 'Retry-After']
const REFUSALS = new Set([301, 302, 303, 307, 308, 401, 403, 429])

type Fields = Extract<AuthAnswer, { kind: 'answered' }>['fields']

interface AuthData {
  readonly origin: string
  readonly path: Template
  readonly timeoutMs: number
  /** Fields of the request that the service sees; of its yes that nodes see; and those that the client sees. */
  readonly sent: readonly string[]
  readonly copied: readonly string[]
  readonly added: readonly string[]
}

const authRequest: ActionKind<AuthData> = {
  names: ['auth-request'],
  ours: true,
  syntax: 'url=URL[,send=NAME;NAME…][,copy=NAME;NAME…][,answer=NAME;NAME…][,timeout=TIME]',
  doc:
    'Asks another service by GET whether the request may pass. 2xx: it goes on, with the fields named in "copy" as the ' +
    'service answered them (what the client sent by these names is removed), and those named in "answer" in the ' +
    'answer. 401, 403, 429 and redirects go to the client, with WWW-Authenticate, Location, Set-Cookie and ' +
    'Retry-After. Any other answer is 500, none in time (5s unless given) 503. The service sees Authorization, ' +
    'Cookie, User-Agent and Accept, or the fields named in "send", and always X-Original-URI, X-Original-Method, ' +
    'X-Real-IP and X-Forwarded-For, -Proto, -Host, -Uri, -Method.',
  chains: REQUEST_ONLY,
  read(args, reading) {
    const {
      url,
      send,
      copy,
      answer: added,
      timeout,
    } = readPairs(args, ['url', 'send', 'copy', 'answer', 'timeout'])
    return {
      ...readUrl(url ?? '', reading),
      timeoutMs: timeout === undefined ? DEFAULT_MS : readDuration(timeout, MOST_MS),
      sent: send === undefined ? DEFAULT_SENT : readNames(send),
      copied: readNames(copy ?? '', isForNoNode),
      added: readNames(added ?? ''),
    }
  },
  make(data) {
    const path = targetOf(data.path)
    const settle = (run: Run, said: unknown): Code => judge(run, said as AuthAnswer | undefined, data)
    return run => {
      const { origin, timeoutMs } = data
      const asked: AuthAsked = {
        origin,
        path: path(run),
        fields: fieldsFor(run, data.sent),
        timeoutMs,
      }
      run.ask = { kind: 'auth', data: asked, settle } satisfies Ask
      return ASK
    }
  },
}

// What a client sends is text of the service's path or query: it ends neither, and adds no parameter.
function targetOf(template: Template): (run: Run) => string {
  let isQuery = false
  const parts = template.map(part => {
    if (typeof part === 'string') {
      isQuery ||= part.includes('?')
      const fixed = locationOf(part)
      return () => fixed
    }
    const text = textOf([part])
    const others = isQuery ? /[^\w.~-]/g : /[^\w.~/-]/g
    return (run: Run) => text(run).replace(others, percent)
  })
  return run => parts.map(part => part(run)).join('')
}

function readUrl(text: string, reading: Reading): { origin: string; path: Template } {
  const [, origin = '', path = ''] = /^(https?:\/\/[^/?#\s$@]+)((?:[/?][^#\s]*)?)$/i.exec(text) ?? []
  if (origin === '' || !URL.canParse(origin)) {
    throw new WrongRule(
      `"${text}" is no URL of a service`,
      'Write one such as url=http://127.0.0.1:4180/auth',
    )
  }
  reading.service(new URL(origin).origin)
  return {
    origin: new URL(origin).origin,
    path: readTemplate(path.startsWith('/') ? path : `/${path}`, reading),
  }
}

function readNames(text: string, isBarred = isFraming): readonly string[] {
  const names = text.split(/[;\s]+/).filter(name => name !== '')
  for (const name of names) {
    if (isFieldName(name) && !isBarred(name.toLowerCase()) && name.toLowerCase() !== 'host') continue
    throw new WrongRule(
      `"${name}" is no field that can be copied`,
      'Give names of header fields, with ";" between',
    )
  }
  return names
}

function fieldsFor(run: Run, sent: readonly string[]): readonly string[] {
  const { source } = run
  const fields: string[] = []
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && !isHarmful(value)) fields.push(name, value)
  }
  for (const name of sent) add(name, run.field(name.toLowerCase()))
  const uri = seenTarget(source)
  const method = source.read('REQUEST_METHOD')
  const address = source.client || '0.0.0.0' // of a UNIX socket, as nodes are told
  add('X-Original-URI', uri)
  add('X-Original-Method', method)
  add('X-Real-IP', address)
  add('X-Forwarded-For', address)
  add('X-Forwarded-Proto', source.read('HTTPS') === undefined ? 'http' : 'https')
  add('X-Forwarded-Host', source.header('host'))
  add('X-Forwarded-Uri', uri)
  add('X-Forwarded-Method', method)
  return fields
}

// A service that decides by the path must see the one that nodes get, whatever disguise it came in: an absolute form is one.
function seenTarget(source: RequestSource): string | undefined {
  const uri = source.read('REQUEST_URI')
  if (!source.isPathChanged && !/^https?:/i.test(uri ?? '')) return uri
  const query = source.read('QUERY_STRING') ?? ''
  return pathOf(source.read('PATH_INFO') ?? '') + (query === '' ? '' : `?${queryOf(query)}`)
}

function judge(run: Run, said: AuthAnswer | undefined, { copied, added }: AuthData): Code {
  if (said?.kind !== 'answered') return answer(run, 503, '', 'text/plain', 'Service Unavailable')
  const { status, fields } = said
  if (status >= 200 && status < 300) return pass(run, fields, copied, added)
  if (!REFUSALS.has(status)) return answer(run, 500, '', 'text/plain', 'Internal Server Error')
  answer(run, status, '', '', '')
  for (const name of PASSED)
    for (const value of fields.get(name.toLowerCase()) ?? []) {
      const line = `${name}: ${name === 'Location' ? locationOf(value) : value}`
      if (!isHarmful(line)) run.reply.fields.push(line)
    }
  return BREAK
}

function pass(run: Run, fields: Fields, copied: readonly string[], added: readonly string[]): Code {
  for (const name of copied) {
    const values = fields.get(name.toLowerCase())
    const code = values === undefined ? NEXT : run.setField(name, values.join(', '))
    if (code !== NEXT) return code
    if (values === undefined) run.removeField(name.toLowerCase())
  }
  for (const name of added)
    for (const value of fields.get(name.toLowerCase()) ?? []) {
      const code = run.addLine(`${name}: ${value}`)
      if (code !== NEXT) return code
    }
  return NEXT
}

/** The services of rules, by their data: a gateway makes ready to ask them before it must. */
export function authOrigin(action: { readonly name: string; readonly data: unknown }): string | null {
  return action.name === 'auth-request' ? (action.data as AuthData).origin : null
}

export const authActions: readonly ActionKind[] = [authRequest]
