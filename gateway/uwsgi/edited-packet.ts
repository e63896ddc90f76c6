// gateway/uwsgi/edited-packet.ts: a packet with what route rules wrote in it: each variable once, in the place where it was
// first, with its newest value; new ones at the end.
import { lastPacket } from './packet.ts'

const HEADER_BYTES = 4
const MOST_BLOCK_BYTES = 65_535

/**
 * @param packet one character a byte
 * @param written variables by name
 * @returns '' when it does not fit
 */
export function editedPacket(packet: string, written: ReadonlyMap<string, string>): string {
  const seen = new Set<string>()
  let out = ''
  let kept = HEADER_BYTES
  let count = 0
  for (let p = HEADER_BYTES; p < packet.length; ) {
    const start = p
    const keyEnd = p + 2 + sizeAt(packet, p)
    const key = packet.slice(p + 2, keyEnd)
    p = keyEnd + 2 + sizeAt(packet, keyEnd)
    const value = written.get(key)
    if (value === undefined) {
      count++
      continue
    }
    out += packet.slice(kept, start)
    kept = p
    if (seen.has(key)) continue
    seen.add(key)
    out += sized(key) + sized(value)
    count++
  }
  out += packet.slice(kept)
  for (const [key, value] of written) {
    if (seen.has(key)) continue
    out += sized(key) + sized(value)
    count++
  }
  if (out.length > MOST_BLOCK_BYTES) return ''
  lastPacket.variables = count
  lastPacket.bytes = out.length
  return packet.charAt(0) + size(out.length) + packet.charAt(3) + out
}

const sizeAt = (packet: string, p: number): number => packet.charCodeAt(p) + packet.charCodeAt(p + 1) * 256

// One that is too large for its size makes the whole too large.
const sized = (text: string): string => size(Math.min(text.length, MOST_BLOCK_BYTES)) + text

const size = (length: number): string => String.fromCharCode(length & 255, length >> 8)
