// gateway/proxy-protocol/parse.ts: reads a PROXY protocol header of either version (docs/wire/proxy-protocol.md).
import { type ProxyHeader, refused } from './header.ts'
import { parseV1, V1_START } from './v1.ts'
import { parseV2, V2_START } from './v2.ts'

/**
 * Reads the header that `bytes` begin with. Keeps nothing: it is called again with more bytes, the first ones included.
 *
 * @returns null while it is not whole; each form has an end that is known or near: 4096 bytes are never too few
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | null {
  if (startsLike(bytes, V1_START)) return bytes.length < V1_START.length ? null : parseV1(bytes)
  if (startsLike(bytes, V2_START)) return bytes.length < V2_START.length ? null : parseV2(bytes)
  return refused('no PROXY protocol header')
}

// As far as both go.
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.compare(start, 0, length, 0, length) === 0
}
