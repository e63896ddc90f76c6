// subscription/key-changes.ts: changes of keys gathered into what one message says: the last word on each node.
import type { KeyPicture, NodePicture } from '../base/picture.ts'

/** Nodes of one message, and names of those that left: what a gateway takes in without its loop standing still. */
export const MOST_IN_MESSAGE = 500

interface Pending {
  algo: string
  readonly nodes: Map<string, NodePicture>
  readonly gone: Set<string>
}

export class KeyChanges {
  readonly #keys = new Map<string, Pending>()

  get keys(): Iterable<string> {
    return this.#keys.keys()
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0
  }

  /** A node came or changed. */
  join(key: string, algo: string, node: NodePicture): void {
    this.#at(key, algo).nodes.set(node.name, node)
  }

  /** @param wasTold false: whoever gets this never heard of it, unless from here */
  leave(key: string, algo: string, name: string, wasTold: boolean): void {
    const pending = this.#at(key, algo)
    pending.nodes.delete(name)
    if (wasTold) pending.gone.add(name)
    else if (pending.nodes.size + pending.gone.size === 0) this.#keys.delete(key)
  }

  /** Takes the changes of one key out. */
  take(key: string): KeyPicture | null {
    const pending = this.#keys.get(key)
    if (pending === undefined) return null
    this.#keys.delete(key)
    return { key, algo: pending.algo, nodes: [...pending.nodes.values()], gone: [...pending.gone] }
  }

  /** Takes all of them out. */
  takeAll(): KeyPicture[] {
    return [...this.#keys.keys()].map(key => this.take(key)!)
  }

  #at(key: string, algo: string): Pending {
    const known = this.#keys.get(key)
    if (known !== undefined) {
      known.algo = algo
      return known
    }
    const pending = { algo, nodes: new Map(), gone: new Set<string>() }
    this.#keys.set(key, pending)
    return pending
  }
}

/**
 * Messages of at most {@link MOST_IN_MESSAGE} nodes each. A key that is larger than one goes on in the next: who comes first,
 * then who leaves, as a key that others take over must not be without nodes between two messages. One that left and came back
 * does both in one message.
 */
export function* inMessages(keys: Iterable<KeyPicture>): Generator<KeyPicture[]> {
  let message: KeyPicture[] = []
  let room = MOST_IN_MESSAGE
  for (const whole of keys) {
    if (whole.nodes.length + whole.gone.length <= room) {
      message.push(whole)
      room -= whole.nodes.length + whole.gone.length
      continue
    }
    for (const part of parts(whole)) {
      const size = part.nodes.length + part.gone.length
      if (size > room) {
        yield message
        message = []
        room = MOST_IN_MESSAGE
      }
      message.push(part)
      room -= size
    }
  }
  if (message.length > 0) yield message
}

// Each small enough for a message of its own.
function* parts(whole: KeyPicture): Generator<KeyPicture> {
  const { nodes } = whole
  const gone = new Set(whole.gone)
  const half = MOST_IN_MESSAGE / 2 // as each may have left before
  for (let at = 0; at < nodes.length; at += half) {
    const coming = nodes.slice(at, at + half)
    yield { ...whole, nodes: coming, gone: coming.flatMap(({ name }) => (gone.delete(name) ? [name] : [])) }
  }
  const leaving = [...gone]
  for (let at = 0; at < leaving.length; at += MOST_IN_MESSAGE)
    yield { ...whole, nodes: [], gone: leaving.slice(at, at + MOST_IN_MESSAGE) }
}
