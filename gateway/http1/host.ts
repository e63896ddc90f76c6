// gateway/http1/host.ts: the grammar of a Host field (RFC 9110 section 7.2), stricter than the RFC.
// Refused besides what the RFC refuses: an empty host, percent encoding, names over 255 bytes: no real name has them.

const MOST_HOST_BYTES = 255

/** Letters, digits, '-', '.', '_', '~' and the sub-delimiters that registered names are seen with. */
const NAME = new Uint8Array(256)
for (const byte of Buffer.from(
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+;=",
))
  NAME[byte] = 1
const IPV6 = new Uint8Array(256)
for (const byte of Buffer.from('0123456789abcdefABCDEF:.')) IPV6[byte] = 1

/** Whether bytes[start, end) is `name`, `name:port`, `[v6]` or `[v6]:port`. */
export function isHostValue(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  if (length === 0 || length > MOST_HOST_BYTES) return false
  let p = start
  if (bytes[p] === 91) {
    p++
    const address = p
    while (p < end && IPV6[bytes[p]!] === 1) p++
    if (p === address || p >= end || bytes[p] !== 93) return false
    p++
  } else {
    while (p < end && NAME[bytes[p]!] === 1) p++
    if (p === start) return false
  }
  return p === end || isPort(bytes, p, end)
}

function isPort(bytes: Uint8Array, colon: number, end: number): boolean {
  if (bytes[colon] !== 58 || end - colon > 6 || end - colon < 2) return false
  let port = 0
  for (let p = colon + 1; p < end; p++) {
    const digit = bytes[p]! - 48
    if (digit < 0 || digit > 9) return false
    port = port * 10 + digit
  }
  return port <= 65535
}
