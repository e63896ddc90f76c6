// base/fnv.ts: FNV-1a of 32 bits: quick, and good enough where nobody gains by texts that collide, or loads are bounded.

/** Over the characters. @returns a signed integer of 32 bits */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
