// routing/limit/shares.ts: how the whole of a key is divided among those who ask for it.

/** Part of the whole that is kept for those who do not ask now, so that they need not begin with refusals. */
const KEPT = 0.03

/**
 * Each gets what it asks for as long as that is no more than a fair part; what is left is divided among those who want more.
 * When nobody does, all have a part of the rest in advance. The sum is 1.
 *
 * @param wants of the whole, one for each gateway: 1 is all of it
 */
export function divide(wants: readonly number[]): Float32Array {
  const least = KEPT / wants.length
  const shares = new Float32Array(wants.length).fill(least)
  const order = wants.map((_, i) => i).sort((a, b) => wants[a]! - wants[b]!)
  let left = 1 - KEPT
  for (const [done, i] of order.entries()) {
    const fair = left / (wants.length - done)
    const gets = Math.min(fair, Math.max(0, wants[i]! - least))
    shares[i]! += gets
    left -= gets
  }
  for (let i = 0; i < shares.length; i++) shares[i]! += left / shares.length
  return shares
}
