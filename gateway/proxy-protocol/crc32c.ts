// gateway/proxy-protocol/crc32c.ts: the checksum CRC-32C (RFC 3720 section 12.1), which zlib's crc32 is not.

const POLYNOMIAL = 0x82f63b78 // Castagnoli's, bits reversed
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? POLYNOMIAL : 0)
  return rest
})

/** @returns 32 bits, without sign */
export function crc32c(bytes: Uint8Array): number {
  let rest = 0xffffffff
  for (const byte of bytes) rest = (rest >>> 8) ^ TABLE[(rest ^ byte) & 255]!
  return (rest ^ 0xffffffff) >>> 0
}
