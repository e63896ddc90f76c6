// gateway/log-exchange.ts: the access-log line of an exchange, from what connection, exchange and relay noted.
import type { AccessLogPicture } from '../base/picture.ts'
import { type AccessEntry, AccessLog } from '../stats/access-log.ts'
import type { Exchange } from './exchange.ts'
import { ID } from './http1/field-names.ts'
import { RequestHead } from './http1/request-head.ts'
import { type VariableReader, variableReader } from './variables.ts'
import type { World } from './world.ts'

// One entry for all lines: the log turns it into text at once.
const VALUES: string[] = []
const ENTRY: AccessEntry = {
  id: '',
  client: '',
  method: '',
  target: '',
  proto: '',
  host: '',
  referer: '',
  userAgent: '',
  status: 0,
  headBytes: 0,
  bodyBytes: 0,
  requestBytes: 0,
  vars: 0,
  varBytes: 0,
  node: '-',
  tries: 0,
  startedAt: 0,
  durationMs: 0,
  headers: -1,
  hasFailed: false,
  values: VALUES,
  user: '',
  noted: null,
}
const HEAD = new RequestHead()
const FORWARDED_FOR = variableReader('HTTP_X_FORWARDED_FOR')

export function logExchange(exchange: Exchange): void {
  exchange.world.accessLog!.addExchange(exchange)
}

/** A line for bytes that were no request. */
export function logRefusal(world: World, client: string, status: number, id: string, bytes: number): void {
  world.accessLog!.addRefusal(client, status, id, bytes)
}

/** The access log of a gateway as its picture wants it. */
export class ExchangeLog {
  readonly #log: AccessLog
  readonly #readers: readonly VariableReader[]
  readonly #hasCommon: boolean
  readonly #showsForwardedFor: boolean
  readonly #readsHead: boolean

  /** @param onTrouble told, now and then, when lines are lost */
  constructor(picture: AccessLogPicture, onTrouble: (text: string) => void) {
    this.#log = new AccessLog({ ...picture, gateway: GATEWAY, onTrouble })
    const { needs } = this.#log
    this.#readers = needs.variables.map(variableReader)
    this.#hasCommon = needs.hasCommon
    this.#showsForwardedFor = picture.forwardedFor
    this.#readsHead = needs.hasCommon || needs.variables.length > 0 || picture.forwardedFor
  }

  addExchange(exchange: Exchange): void {
    const { world, relay, raw, connection } = exchange
    const entry = ENTRY
    entry.status = exchange.status
    entry.bodyBytes = relay.bodyBytes
    entry.durationMs = world.preciseNow() - exchange.startedAt
    entry.hasFailed = exchange.isCut
    if (!this.#log.wants(entry)) return
    const methodEnd = raw.indexOf(' ')
    const targetEnd = raw.indexOf(' ', methodEnd + 1)
    entry.id = exchange.requestId()
    entry.client = exchange.client
    entry.method = raw.slice(0, methodEnd).trimStart()
    entry.target = raw.slice(methodEnd + 1, targetEnd)
    entry.proto = connection.minor === 1 ? 'HTTP/1.1' : 'HTTP/1.0'
    entry.headBytes = relay.headBytes
    entry.requestBytes = connection.bodyBytes
    entry.vars = exchange.vars
    entry.varBytes = exchange.varBytes
    entry.node = exchange.node?.name ?? '-'
    entry.tries = exchange.tries
    entry.startedAt = Date.now() - entry.durationMs
    entry.headers = relay.fields
    const run = exchange.passage?.run
    entry.user = run?.variables?.get('REMOTE_USER') ?? ''
    entry.noted = run?.logVariables ?? null
    if (this.#readsHead) this.#readHead(exchange)
    this.#log.write(entry)
  }

  addRefusal(client: string, status: number, id: string, bytes: number): void {
    const entry = ENTRY
    entry.status = status
    entry.bodyBytes = entry.requestBytes = entry.vars = entry.varBytes = entry.tries = entry.durationMs = 0
    entry.hasFailed = false
    if (!this.#log.wants(entry)) return
    entry.id = id
    entry.client = client
    entry.method = entry.target = entry.proto = entry.host = entry.referer = entry.userAgent = ''
    entry.headBytes = bytes
    entry.node = '-'
    entry.user = ''
    entry.noted = null
    entry.startedAt = Date.now()
    entry.headers = -1
    VALUES.length = this.#readers.length
    VALUES.fill('')
    this.#log.write(entry)
  }

  /** Resolves when nothing more goes to the old file. */
  reopen(): Promise<void> {
    return this.#log.reopen()
  }

  /** Resolves when every line is written, or lost. */
  close(): Promise<void> {
    return this.#log.close()
  }

  #readHead(exchange: Exchange): void {
    const bytes = Buffer.from(exchange.raw, 'latin1')
    HEAD.fieldLimit = Number.MAX_SAFE_INTEGER
    HEAD.targetLimit = Number.MAX_SAFE_INTEGER
    HEAD.parse(bytes, 0, bytes.length)
    if (this.#hasCommon) {
      ENTRY.host = HEAD.hostOf(bytes)
      ENTRY.referer = HEAD.joined(bytes, ID.referer)
      ENTRY.userAgent = HEAD.joined(bytes, ID['user-agent'])
    }
    if (this.#showsForwardedFor) ENTRY.client = FORWARDED_FOR(exchange, HEAD, bytes) || ENTRY.client
    const readers = this.#readers
    VALUES.length = readers.length
    for (let i = 0; i < readers.length; i++) VALUES[i] = readers[i]!(exchange, HEAD, bytes) ?? ''
  }
}

// The master starts each with its name, "gateway-3".
const GATEWAY = Number(/-(\d+)$/.exec(process.argv[2] ?? '')?.[1] ?? 0)
