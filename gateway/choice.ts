// gateway/choice.ts: who serves a request: the backend of its host, and the node that its policy and its cookie lead to.
// Each exchange has one, used again for each request.
import type { Backend, FULL } from '../routing/backend.ts'
import type { Node } from '../routing/node.ts'
import { cookieOf } from './cookies.ts'
import type { Exchange } from './exchange.ts'
import { hashKey } from './hash-key.ts'
import type { RequestHead } from './http1/request-head.ts'
import type { ResponseHead } from './http1/response-head.ts'
import { setsCookie, stickyLine } from './sticky.ts'
import { pathInfo } from './uwsgi/path-info.ts'
import type { World } from './world.ts'

export class Choice {
  readonly #world: World
  readonly #exchange: Exchange
  /** Of the request in hand. */
  backend: Backend | null = null
  /** The answer may have to carry a cookie of ours. */
  isSticky = false
  #key = '' // what the pick goes by, where it goes by the request
  #token = '' // of its node, as the client has it
  #lastHost = ''
  #lastVersion = -1 // of the table in which it was looked up
  #lastBackend: Backend | null = null // that was found

  constructor(world: World, exchange: Exchange) {
    this.#world = world
    this.#exchange = exchange
  }

  /** The request before is forgotten. */
  reset(): void {
    this.backend = null
    this.#key = this.#token = ''
    this.isSticky = false
  }

  /** The key that a rule chose in place of the host's; '': none did. */
  get keyOfRules(): string {
    const run = this.#exchange.passage?.run
    return run === undefined ? '' : (run.upstream?.key ?? run.key)
  }

  /** Finds the backend; a client mostly asks for the host it asked for before. @returns null when nobody serves it */
  find(head: RequestHead, bytes: Buffer): Backend | null {
    this.backend = this.#find(head, bytes)
    return this.backend
  }

  /** For the first try. */
  pick(head: RequestHead, bytes: Buffer): Node | typeof FULL | null {
    const backend = this.backend!
    return backend.isPlain
      ? backend.pickFor(this.#world.wheel.now, null, '')
      : this.#pickByRequest(backend, head, bytes)
  }

  /** For every other one. @param tried nodes not to pick again, null for none */
  pickAgain(now: number, tried: readonly Node[] | null): Node | typeof FULL | null {
    return this.backend!.pickFor(now, tried, this.#key)
  }

  /**
   * The line that keeps the client at the node which answers; '' when it has it already, or needs none.
   *
   * @param head of its answer, of `bytes`
   */
  cookieLine(node: Node, head: ResponseHead, bytes: Buffer): string {
    const backend = this.backend!
    const name = backend.rules.sticky
    if (!this.isSticky || name === '') return ''
    const token = this.#world.sticky.tokenOf(backend, node)
    if (token === this.#token || setsCookie(head, bytes, name)) return ''
    return stickyLine(name, token, this.#exchange.connection.client.isTls)
  }

  #find(head: RequestHead, bytes: Buffer): Backend | null {
    const { directory, wheel } = this.#world
    const { table, version } = directory
    const key = this.#exchange.passage === null ? '' : this.keyOfRules
    if (key !== '') return table.findKey(key, wheel.now)
    if (table.hasOnlyRest) return table.rest
    if (table.hasPaths || table.hasFallback) {
      const path = table.hasPaths ? this.#path(head, bytes) : ''
      return table.find(head.hostOf(bytes).toLowerCase(), path, wheel.now)
    }
    // By number: a connection that is idle for long must not keep a table that is.
    if (version !== this.#lastVersion || !head.hasHost(bytes, this.#lastHost)) {
      this.#lastHost = head.hostOf(bytes)
      this.#lastVersion = version
      this.#lastBackend = table.find(this.#lastHost.toLowerCase())
    }
    return this.#lastBackend
  }

  #path(head: RequestHead, bytes: Buffer): string {
    const written = this.#exchange.passage?.written('PATH_INFO')
    return (written === undefined ? pathInfo(head, bytes) : Buffer.from(written, 'latin1')).toString()
  }

  // For policies that ask who wants what, and cookies that say where.
  #pickByRequest(backend: Backend, head: RequestHead, bytes: Buffer): Node | typeof FULL | null {
    const { sticky, wheel } = this.#world
    const { rules, keyKind } = backend
    if (keyKind === 'address') this.#key = this.#exchange.client
    else if (keyKind === 'text') this.#key = hashKey(rules.on, this.#exchange, head, bytes)
    if (rules.sticky !== '') {
      this.isSticky = true
      this.#token = cookieOf(head, bytes, rules.sticky)
      const node = this.#token === '' ? null : sticky.nodeOf(backend, this.#token)
      if (node !== null && backend.isOpen(node, wheel.now)) return node
    }
    return backend.pickFor(wheel.now, null, this.#key)
  }
}
