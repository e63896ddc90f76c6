// gateway/rules/request-source.ts: what rules read of a request, when they read it: from its head, into strings, once each.
// Each exchange that meets rules has one, used again for each request.
import { latin1 } from '../../base/latin1.ts'
import type { RequestSource, RuleWorld } from '../../routing/rules/source.ts'
import { cookieOf } from '../cookies.ts'
import type { Exchange } from '../exchange.ts'
import { RequestHead } from '../http1/request-head.ts'
import { fieldReader, untouchedReader, type VariableReader } from '../variables.ts'
import { type CanonicalPath, canonicalPath, mayChange } from './canonical-path.ts'

/** Of different names; they come from rules, not from clients. Beyond, they are made anew each time. */
const MOST_READERS = 10_000

const VARIABLES = new Map<string, VariableReader>()
const FIELDS = new Map<string, VariableReader>()

// A head that is asked for later than its bytes were here is parsed again, for one exchange at a time.
const AGAIN = new RequestHead()
AGAIN.fieldLimit = AGAIN.targetLimit = Number.MAX_SAFE_INTEGER
let again: HeadSource | null = null
const NOTHING: Buffer = Buffer.alloc(0)
let againBytes = NOTHING

export class HeadSource implements RequestSource {
  readonly #exchange: Exchange
  readonly #world: RuleWorld
  #head: RequestHead | null = null
  #bytes = NOTHING
  readonly #values = new Map<string, string | undefined>()
  readonly #fields = new Map<string, string | undefined>()
  #path: CanonicalPath | null = null
  pathLength = 0
  startedAt = 0

  constructor(exchange: Exchange, world: RuleWorld) {
    this.#exchange = exchange
    this.#world = world
  }

  /** A new request. @param head of `bytes`, valid until {@link HeadSource.leave} */
  begin(head: RequestHead, bytes: Buffer): void {
    this.forget()
    this.bind(head, bytes)
    this.startedAt = this.#world.now()
    this.pathLength = head.pathEnd - head.pathStart
  }

  /** The same request, read again. */
  bind(head: RequestHead, bytes: Buffer): void {
    this.#head = head
    this.#bytes = bytes
  }

  /** The request is over. */
  forget(): void {
    this.leave()
    this.#path = null
    if (this.#values.size > 0) this.#values.clear()
    if (this.#fields.size > 0) this.#fields.clear()
    if (again === this) again = null
  }

  /** The head's bytes are about to go: from now on it is read from what the exchange keeps of them. */
  leave(): void {
    this.#head = null
    this.#bytes = NOTHING
  }

  get client(): string {
    return this.#exchange.client
  }

  /** Whether the path may be looked at: false when it holds an escaped slash and must not. */
  get isAllowed(): boolean {
    return this.#canonical() !== null
  }

  get isPathChanged(): boolean {
    return this.#canonical()?.isChanged ?? false
  }

  /** Whether a packet's PATH_INFO, as the head has it, is not what rules see. */
  get isUnlikePacket(): boolean {
    const path = this.#canonical()
    return path !== null && (path.hasKept || path.isChanged)
  }

  /** The path as rules see it, spelled for a target. */
  get targetPath(): string {
    return this.#canonical()?.target ?? '/'
  }

  read(name: string): string | undefined {
    if (name === 'PATH_INFO') return this.#canonical()?.text ?? '/'
    const known = this.#values
    const value = known.get(name)
    if (value !== undefined || known.has(name)) return value
    return this.#keep(known, name, readerOf(VARIABLES, name, untouchedReader))
  }

  header(name: string): string | undefined {
    const known = this.#fields
    return known.has(name) ? known.get(name) : this.#keep(known, name, readerOf(FIELDS, name, shownField))
  }

  fieldNames(): readonly string[] {
    this.#find()
    const head = this.#head ?? AGAIN
    const names = new Set<string>()
    for (let i = 0; i < head.count; i++) names.add(head.nameOf(this.#bytesInHand, i))
    return [...names].filter(name => this.header(name) !== undefined)
  }

  cookie(name: string): string | undefined {
    this.#find()
    return cookieOf(this.#head ?? AGAIN, this.#bytesInHand, name) || undefined
  }

  #keep(known: Map<string, string | undefined>, name: string, read: VariableReader): string | undefined {
    this.#find()
    const value = read(this.#exchange, this.#head ?? AGAIN, this.#bytesInHand)
    known.set(name, value)
    return value
  }

  #canonical(): CanonicalPath | null {
    this.#path ??= this.#readPath()
    return this.#path === REFUSED ? null : this.#path
  }

  #readPath(): CanonicalPath {
    this.#find()
    const head = this.#head ?? AGAIN
    const bytes = this.#bytesInHand
    const { pathStart, pathEnd } = head
    const path = pathStart === pathEnd ? '/' : latin1(bytes, pathStart, pathEnd)
    if (!head.hasPercent && !mayChange(bytes, pathStart, pathEnd))
      return { text: path, target: path, isChanged: false, hasKept: false }
    const { mergeSlashes, escapedSlash } = this.#exchange.running.picture
    return canonicalPath(path, mergeSlashes, escapedSlash) ?? REFUSED
  }

  get #bytesInHand(): Buffer {
    return this.#head === null ? againBytes : this.#bytes
  }

  #find(): void {
    if (this.#head !== null || again === this) return
    againBytes = Buffer.from(this.#exchange.raw, 'latin1')
    AGAIN.parse(againBytes, 0, againBytes.length)
    again = this
  }
}

const REFUSED: CanonicalPath = { text: '/', target: '/', isChanged: false, hasKept: false }

const shownField = (name: string): VariableReader => fieldReader(name, true)

function readerOf(
  known: Map<string, VariableReader>,
  name: string,
  make: (name: string) => VariableReader,
): VariableReader {
  let read = known.get(name)
  if (read === undefined) {
    read = make(name)
    if (known.size < MOST_READERS) known.set(name, read)
  }
  return read
}
