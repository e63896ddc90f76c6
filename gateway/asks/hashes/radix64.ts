// gateway/asks/hashes/radix64.ts: numbers as password files spell them: six bits a character, the lowest first.

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export function radix64(value: number, characters: number): string {
  let text = ''
  for (let i = 0; i < characters; i++) text += ALPHABET[(value >>> (6 * i)) & 63]
  return text
}
