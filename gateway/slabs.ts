// gateway/slabs.ts: what connections to nodes read into: a buffer of 64 KB each, and a few large ones for long bodies.
// Four times fewer reads and writes halve the cost of a long body; short ones would only lose the processor's caches.
// Of idle connections there may be thousands: those that had a short answer have one buffer together, the lobby. What
// comes there is taken out of it at once.
import { HEAD_ROOM, TAIL_ROOM } from './socket.ts'

const SMALL_BYTES = 65_536
const LARGE_BYTES = 262_144
/** Of a longer answer a connection that has the lobby would need one more read. */
export const LOBBY_BYTES = 16_384
const MOST_SPARE_SMALL = 64
/** Of one process: whoever finds none free goes on with a small one. */
const MOST_LARGE = 64

/** What a connection to a node reads into, with room around that for what is written beside it. */
export interface Slab {
  readonly bytes: Buffer
  readonly readPart: Uint8Array
}

const lobby = Buffer.allocUnsafeSlow(LOBBY_BYTES)
export const LOBBY: Slab = { bytes: lobby, readPart: lobby }

const spareSmall: Slab[] = []
const spareLarge: Slab[] = []
let largeCount = 0 // lent and spare

export function isLarge(slab: Slab): boolean {
  return slab.bytes.length > LARGE_BYTES
}

export function takeSmall(): Slab {
  return spareSmall.pop() ?? allocate(SMALL_BYTES)
}

/** @returns null when all are in use */
export function takeLarge(): Slab | null {
  const spare = spareLarge.pop()
  if (spare !== undefined) return spare
  if (largeCount === MOST_LARGE) return null
  largeCount++
  return allocate(LARGE_BYTES)
}

/** Takes back a slab that nothing refers to any more. */
export function giveBack(slab: Slab): void {
  if (isLarge(slab)) spareLarge.push(slab)
  else if (spareSmall.length < MOST_SPARE_SMALL) spareSmall.push(slab)
}

/** A slab will not come back: a write that was given up may still refer to it. */
export function forgo(slab: Slab): void {
  if (isLarge(slab)) largeCount--
}

function allocate(readBytes: number): Slab {
  const bytes = Buffer.allocUnsafeSlow(HEAD_ROOM + readBytes + TAIL_ROOM)
  return { bytes, readPart: bytes.subarray(HEAD_ROOM, HEAD_ROOM + readBytes) }
}
