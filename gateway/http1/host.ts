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
    if (p >= end || bytes[p] !== 93 || !isIpv6(bytes, address, p)) return false
    p++
  } else {
    while (p < end && NAME[bytes[p]!] === 1) p++
    if (p === start) return false
  }
  return p === end || isPort(bytes, p, end)
}

// RFC 4291 section 2.2: eight groups of one to four digits, or fewer around one "::"; the last two may be dotted.
function isIpv6(bytes: Uint8Array, start: number, end: number): boolean {
  let groups = 0
  let gaps = 0
  let p = start
  if (bytes[p] === 58 && bytes[p + 1] !== 58) return false
  while (p < end) {
    if (bytes[p] === 58) {
      if (bytes[p + 1] === 58 && p + 1 < end) {
        gaps++
        p += 2
        continue
      }
      if (++p === end) return false // a single ':' at the end
      if (bytes[p - 2] === 58) return false // ":::"
    }
    const from = p
    while (p < end && bytes[p] !== 58 && bytes[p] !== 46) p++
    if (p < end && bytes[p] === 46) {
      if (!isDotted(bytes, from, end)) return false
      groups += 2
      break
    }
    if (p === from || p - from > 4) return false
    groups++
  }
  return gaps === 0 ? groups === 8 : gaps === 1 && groups < 8
}

function isDotted(bytes: Uint8Array, start: number, end: number): boolean {
  const parts = String.fromCharCode(...bytes.subarray(start, end)).split('.')
  return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
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
