// gateway/sticky.ts: the cookie that keeps a client at its node. Its value is a keyed hash of the node's name: it tells
// nothing of the node, and nobody else can make one.
import { latin1 } from '../base/latin1.ts'
import type { Backend } from '../routing/backend.ts'
import type { Node } from '../routing/node.ts'
import type { ResponseHead } from './http1/response-head.ts'

const TOKEN_BYTES = 16

/** Tokens are made when a request of their backend first needs one; nodes that stay keep theirs. */
export class Sticky {
  readonly #secret: Buffer
  readonly #tokens = new WeakMap<Node, string>()
  readonly #holders = new WeakMap<
    Backend,
    { readonly of: readonly Node[]; readonly map: Map<string, Node> }
  >()

  /** @param secret hex */
  constructor(secret: string) {
    this.#secret = Buffer.from(secret, 'hex')
  }

  /** @returns null: no node of today has this token */
  nodeOf(backend: Backend, token: string): Node | null {
    let holders = this.#holders.get(backend)
    if (holders?.of !== backend.nodes) {
      const map = new Map<string, Node>()
      for (const node of backend.nodes) map.set(this.tokenOf(backend, node), node)
      for (const node of backend.fallback) map.set(this.tokenOf(backend, node), node)
      holders = { of: backend.nodes, map }
      this.#holders.set(backend, holders)
    }
    return holders.map.get(token) ?? null
  }

  tokenOf({ key }: Backend, node: Node): string {
    const known = this.#tokens.get(node)
    if (known !== undefined) return known
    const { createHmac } = process.getBuiltinModule('node:crypto') // once a node, where cookies are in use
    const digest = createHmac('sha256', this.#secret).update(`${key} ${node.name}`).digest()
    const token = digest.toString('base64url', 0, TOKEN_BYTES)
    this.#tokens.set(node, token)
    return token
  }
}

/** The line that gives a client its cookie. @param isTls of the client's connection */
export function stickyLine(name: string, token: string, isTls: boolean): string {
  return `Set-Cookie: ${name}=${token}; Path=/; HttpOnly; SameSite=Lax${isTls ? '; Secure' : ''}\r\n`
}

/** Whether an answer sets this cookie itself: the application knows better, as when a session ends. */
export function setsCookie(head: ResponseHead, bytes: Buffer, name: string): boolean {
  for (let i = 0; i < head.count; i++) {
    if (head.nameOf(bytes, i) !== 'set-cookie') continue
    const start = head.at[i * 4 + 2]!
    if (
      latin1(bytes, start, head.at[i * 4 + 3]!)
        .split('=', 1)[0]!
        .trim() === name
    )
      return true
  }
  return false
}
