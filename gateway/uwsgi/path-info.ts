// gateway/uwsgi/path-info.ts: PATH_INFO from the path of a target: percent-decoded, then without dot segments.
// uWSGI's router does it the other way round, so that "%2e%2e" climbs; slashes are kept as they are in both.
import { HEX } from '../http1/characters.ts'
import type { RequestHead } from '../http1/request-head.ts'

const SLASH = 47
const DOT = 46
const ROOT = Buffer.from('/')

/** PATH_INFO of a request, for those who do not write a packet. @param head of `bytes` */
export function pathInfo(head: RequestHead, bytes: Buffer): Buffer {
  if (head.pathStart === head.pathEnd) return ROOT
  const path = Buffer.allocUnsafe(head.pathEnd - head.pathStart)
  return path.subarray(0, writePathInfo(bytes, head.pathStart, head.pathEnd, head.hasPercent, path, 0))
}

/**
 * Writes the path bytes[start, end) decoded to out[at…). The percents were checked when the head was read, and never
 * stand for NUL. Never longer than its source.
 *
 * @param hasPercent false spares the decoding
 * @returns end of what was written
 */
export function writePathInfo(
  bytes: Uint8Array,
  start: number,
  end: number,
  hasPercent: boolean,
  out: Uint8Array,
  at: number,
): number {
  let o = at
  let hasDots = false
  let before = 0
  for (let p = start; p < end; p++) {
    let byte = bytes[p]!
    if (hasPercent && byte === 37) {
      byte = HEX[bytes[p + 1]!]! * 16 + HEX[bytes[p + 2]!]!
      p += 2
    }
    if (byte === DOT && before === SLASH) hasDots = true
    out[o++] = before = byte
  }
  return hasDots ? removeDots(out, at, o) : o
}

// In place: reading is never behind writing.
function removeDots(path: Uint8Array, start: number, end: number): number {
  let o = start
  let p = start
  while (p < end) {
    // p stands at a slash, or at the first byte of a path that begins without one.
    let next = p + 1
    while (next < end && path[next] !== SLASH) next++
    const length = next - p - 1
    const isDot = length === 1 && path[p + 1] === DOT
    const isDotDot = length === 2 && path[p + 1] === DOT && path[p + 2] === DOT
    if (path[p] === SLASH && (isDot || isDotDot)) {
      if (isDotDot) while (o > start && path[--o] !== SLASH);
      if (next === end) path[o++] = SLASH // "/a/." is "/a/"
    } else {
      while (p < next) path[o++] = path[p++]!
    }
    p = next
  }
  return o
}
