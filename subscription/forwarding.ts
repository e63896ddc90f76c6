// subscription/forwarding.ts: which announcements are passed on to other servers (http-resubscribe), and as what bytes.
import type { Accepted } from './judge.ts'
import { memberId } from './membership.ts'
import { writePacket } from './packet/write.ts'

// Servers that pass on to each other, however many they are, would pass one packet round for ever: it comes back
// sooner than this. uWSGI announces once a second at most.
const QUIET_MS = 500
// Anybody may say that nodes leave which never were there. Beyond, who was passed on first is forgotten.
const MOST = 50_000

export class Forwarding {
  readonly #lastMs = new Map<string, number>() // who was passed on first is first

  /** Packets that would not be passed on again just now, at most. */
  get size(): number {
    return this.#lastMs.size
  }

  /**
   * @param bytes the datagram that was accepted
   * @returns what to send; null: nothing, as this node said the same a moment ago
   */
  packetFor({ command, member }: Accepted, bytes: Buffer, nowMs: number): Buffer | null {
    const { key, node, announcement } = member
    const id = `${command} ${memberId(key, node.place)}`
    const last = this.#lastMs.get(id)
    if (last !== undefined && nowMs - last < QUIET_MS) return null
    this.#lastMs.delete(id)
    this.#lastMs.set(id, nowMs)
    if (this.#lastMs.size > MOST) this.#forgetFirst()
    if (!node.takesSource) return bytes
    // The next server would take our address for the node's. What is written in here was not signed by anybody.
    return writePacket({ ...announcement, address: node.place }, null)
  }

  /** Every few seconds. */
  tick(nowMs: number): void {
    for (const [id, lastMs] of this.#lastMs) if (nowMs - lastMs >= QUIET_MS) this.#lastMs.delete(id)
  }

  #forgetFirst(): void {
    for (const id of this.#lastMs.keys()) return void this.#lastMs.delete(id)
  }
}
