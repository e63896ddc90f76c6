// test/gateway/http1/feeding.ts: the ways in which the same bytes can arrive.

/** Whole, byte by byte, and split once at every place. */
export function* allWays(bytes: Buffer): Generator<[way: string, pieces: Buffer[]]> {
  yield ['whole', [bytes]]
  yield ['byte by byte', Array.from(bytes, byte => Buffer.of(byte))]
  for (let i = 1; i < bytes.length; i++) yield [`split at ${i}`, [bytes.subarray(0, i), bytes.subarray(i)]]
}
