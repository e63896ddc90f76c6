// test/strictness/pieces.ts: sends bytes in small pieces, each in a packet of its own: one by one, or long ones by chance.
import type { RawConnection } from '../support/raw-node.ts'

/** Up to this many bytes go one by one. */
const MOST_SINGLE = 600
const PIECES = 40

/** Sends until all has left, or the other side is gone. The same bytes are always cut in the same places. */
export async function sendPieces(connection: RawConnection, text: string): Promise<void> {
  let at = 0
  let chance = text.length
  while (at < text.length && !connection.isClosed && !connection.hasEnded) {
    chance = (Math.imul(chance, 1_103_515_245) + 12_345) & 0x7fffffff
    const most = text.length <= MOST_SINGLE ? 1 : Math.ceil((text.length * 2) / PIECES)
    const length = 1 + (chance % most)
    await connection.send(text.slice(at, at + length))
    await new Promise(resolve => setImmediate(resolve))
    at += length
  }
}
