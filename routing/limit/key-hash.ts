// routing/limit/key-hash.ts: a text as 64 bits in two halves, with a secret in it: nobody can make one that meets another's.

/** Of the text hashed last. */
export const hashed = { high: 0, low: 0 }

export interface HashSecret {
  readonly high: number
  readonly low: number
}

/** The result stands in {@link hashed}: no object for each request. */
export function hashKey(text: string, secret: HashSecret): void {
  let a = secret.high | 0
  let b = secret.low | 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 0x9e3779b1)
    b = Math.imul(b ^ c, 0x85ebca77)
    a ^= b >>> 15
    b ^= a >>> 13
  }
  a = mixed(a ^ text.length, b)
  b = mixed(b, a)
  hashed.high = a >>> 0
  hashed.low = b >>> 0
}

function mixed(a: number, b: number): number {
  let x = Math.imul(a ^ (a >>> 16) ^ b, 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return x ^ (x >>> 15)
}
