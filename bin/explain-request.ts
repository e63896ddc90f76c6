// bin/explain-request.ts: a request made from words, read as strictly as a gateway reads one, for `sluice explain`.
import { hostname } from 'node:os'
import type { Values } from '../config/table.ts'
import { cookieOf } from '../gateway/cookies.ts'
import { RequestHead } from '../gateway/http1/request-head.ts'
import { type CanonicalPath, canonicalPath } from '../gateway/rules/canonical-path.ts'
import type { RequestSource } from '../routing/rules/source.ts'

export interface RequestWords {
  readonly method: string
  /** "https://shop.example:8443/cart?x=1", or only "/cart?x=1". */
  readonly url: string
  /** "Name: value". */
  readonly headers: readonly string[]
  /** The client's address. */
  readonly from: string
}

/** Why a gateway would refuse it before any rule; a sentence without its full stop. */
export interface RequestRefused {
  readonly status: number
  readonly problem: string
}

export class WordsRequest implements RequestSource {
  readonly client: string
  readonly target: string
  readonly host: string
  readonly pathLength: number
  readonly isPathChanged: boolean
  readonly startedAt = Date.now() * 1000
  readonly #head: RequestHead
  readonly #bytes: Buffer
  readonly #variables: ReadonlyMap<string, string>

  constructor(
    head: RequestHead,
    bytes: Buffer,
    path: CanonicalPath,
    client: string,
    more: Readonly<Record<string, string>>,
  ) {
    this.client = client
    this.#head = head
    this.#bytes = bytes
    this.target = bytes.toString('latin1', head.targetStart, head.targetEnd)
    this.host = head.hostOf(bytes)
    this.pathLength = head.pathEnd - head.pathStart
    this.isPathChanged = path.isChanged
    this.#variables = new Map(Object.entries({ ...cgiVariables(head, bytes), ...more, PATH_INFO: path.text }))
  }

  read(name: string): string | undefined {
    if (name.startsWith('HTTP_')) return this.header(name.slice(5).toLowerCase().replaceAll('_', '-'))
    return this.#variables.get(name)
  }

  header(name: string): string | undefined {
    let all: string | undefined
    for (let i = 0; i < this.#head.count; i++) {
      if (this.#head.nameOf(this.#bytes, i) !== name) continue
      const value = this.#head.valueOf(this.#bytes, i)
      all = all === undefined ? value : `${all}${name === 'cookie' ? '; ' : ', '}${value}`
    }
    return all
  }

  fieldNames(): readonly string[] {
    return Array.from({ length: this.#head.count }, (_, i) => this.#head.nameOf(this.#bytes, i))
  }

  cookie(name: string): string | undefined {
    return cookieOf(this.#head, this.#bytes, name) || undefined
  }
}

type Asked = Pick<Values, 'merge-slashes' | 'escaped-slash' | 'http-max-uri'>

/** @param values what of the configuration says how a path is seen */
export function requestOf(words: RequestWords, values: Asked): WordsRequest | RequestRefused {
  const [, scheme = '', authority = '', rest = ''] = /^(?:(https?):\/\/([^/?#]*))?(.*)$/is.exec(words.url)!
  const target = rest.replace(/#.*$/s, '')
  const isHostGiven = words.headers.some(line => /^host[ \t]*:/i.test(line))
  const lines = [
    `${words.method} ${target.startsWith('?') || target === '' ? `/${target}` : target} HTTP/1.1`,
    ...(isHostGiven ? [] : [`Host: ${authority || 'localhost'}`]),
    ...words.headers,
  ]
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  const head = new RequestHead()
  head.targetLimit = values['http-max-uri']
  const end = head.parse(bytes, 0, bytes.length)
  if (end !== bytes.length) {
    const status = end < 0 && end > -600 && end <= -400 ? -end : 400
    return { status, problem: 'it is no request that a gateway takes: every client gets this answer' }
  }
  const raw = bytes.toString('latin1', head.pathStart, head.pathEnd) || '/'
  const path = canonicalPath(raw, values['merge-slashes'], values['escaped-slash'])
  if (path === null)
    return { status: 400, problem: 'its path holds an escaped slash or backslash (escaped-slash = reject)' }
  const isTls = scheme.toLowerCase() === 'https'
  const port = /:(\d+)$/.exec(authority)?.[1] ?? (isTls ? '443' : '80')
  return new WordsRequest(head, bytes, path, words.from, {
    REMOTE_ADDR: words.from || '0.0.0.0',
    REMOTE_PORT: '0',
    SERVER_NAME: hostname(),
    SERVER_PORT: port,
    ...(isTls ? { HTTPS: 'on' } : {}),
  })
}

function cgiVariables(head: RequestHead, bytes: Buffer): Record<string, string> {
  const text = (start: number, end: number) => bytes.toString('latin1', start, end)
  const known: Record<string, string> = {
    REQUEST_METHOD: text(head.start, head.methodEnd),
    REQUEST_URI: text(head.targetStart, head.targetEnd),
    QUERY_STRING: text(Math.min(head.pathEnd + 1, head.targetEnd), head.targetEnd),
    SERVER_PROTOCOL: 'HTTP/1.1',
    SCRIPT_NAME: '',
    UWSGI_ROUTER: 'http',
  }
  for (const name of ['content-type', 'content-length']) {
    for (let i = 0; i < head.count; i++) {
      if (head.nameOf(bytes, i) === name) known[name.toUpperCase().replace('-', '_')] = head.valueOf(bytes, i)
    }
  }
  return known
}
