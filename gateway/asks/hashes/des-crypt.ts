// gateway/asks/hashes/des-crypt.ts: the oldest password hash of UNIX, 13 characters: 25 rounds of a DES that its salt twists.
// Plain and slow on purpose: bits are bytes, and tables are those of the standard (FIPS 46-3).

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const FIRST = [
  58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40,
  32, 24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5,
  63, 55, 47, 39, 31, 23, 15, 7,
]
const LAST = [
  40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13,
  53, 21, 61, 29, 36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26,
  33, 1, 41, 9, 49, 17, 57, 25,
]
const EXPANSION = [
  32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20, 21,
  20, 21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
]
const PERMUTATION = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22,
  11, 4, 25,
]
const KEY_CHOICE = [
  57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
  63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
]
const ROUND_KEY = [
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47,
  55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
]
const SHIFTS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1]
// S1 to S8, four rows of sixteen each.
const BOXES = [
  'e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d',
  'f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9',
  'a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c',
  '7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e',
  '2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453',
  'c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d',
  '4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c',
  'd2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b',
].map(box => Uint8Array.from(box, digit => Number.parseInt(digit, 16)))

/** @param salt two characters. @returns the hash with its salt in front, as in the file; '' when the salt is none */
export function desCrypt(password: Buffer, salt: string): string {
  const low = ALPHABET.indexOf(salt.charAt(0))
  const high = ALPHABET.indexOf(salt.charAt(1))
  if (salt.length < 2 || low < 0 || high < 0) return ''
  const keys = roundKeys(password)
  const expansion = twisted(low | (high << 6))
  let block: Uint8Array = new Uint8Array(64)
  for (let i = 0; i < 25; i++) block = encrypt(block, keys, expansion)
  return salt.slice(0, 2) + textOf(block)
}

// Seven bits of each of the first eight bytes.
function roundKeys(password: Buffer): Uint8Array[] {
  const bits = new Uint8Array(64)
  for (let i = 0; i < 64; i++) if (i % 8 < 7) bits[i] = ((password[i >> 3] ?? 0) >> (6 - (i % 8))) & 1
  let halves = [...pick(bits, KEY_CHOICE)]
  return SHIFTS.map(shift => {
    const left = halves.slice(0, 28)
    const right = halves.slice(28)
    halves = [...left.slice(shift), ...left.slice(0, shift), ...right.slice(shift), ...right.slice(0, shift)]
    return pick(halves, ROUND_KEY)
  })
}

// Each bit that is set in the salt swaps two of the expansion's 48.
function twisted(salt: number): number[] {
  const table = [...EXPANSION]
  for (let i = 0; i < 12; i++) {
    if (((salt >> i) & 1) === 0) continue
    const bit = table[i]!
    table[i] = table[i + 24]!
    table[i + 24] = bit
  }
  return table
}

function encrypt(block: Uint8Array, keys: readonly Uint8Array[], expansion: readonly number[]): Uint8Array {
  const start = pick(block, FIRST)
  let left = start.subarray(0, 32)
  let right = start.subarray(32)
  const mixed = new Uint8Array(32)
  for (const key of keys) {
    for (let box = 0; box < 8; box++) {
      const at = box * 6
      const bit = (i: number): number => right[expansion[at + i]! - 1]! ^ key[at + i]!
      const row = (bit(0) << 1) | bit(5)
      const column = (bit(1) << 3) | (bit(2) << 2) | (bit(3) << 1) | bit(4)
      const value = BOXES[box]![row * 16 + column]!
      for (let i = 0; i < 4; i++) mixed[box * 4 + i] = (value >> (3 - i)) & 1
    }
    const next = pick(mixed, PERMUTATION)
    for (let i = 0; i < 32; i++) next[i]! ^= left[i]!
    left = right
    right = next
  }
  const both = new Uint8Array(64)
  both.set(right, 0)
  both.set(left, 32)
  return pick(both, LAST)
}

function pick(bits: ArrayLike<number>, table: readonly number[]): Uint8Array {
  return Uint8Array.from(table, at => bits[at - 1]!)
}

// Six bits a character, two zeros behind the last.
function textOf(block: Uint8Array): string {
  let text = ''
  for (let at = 0; at < 66; at += 6) {
    let value = 0
    for (let i = 0; i < 6; i++) value = (value << 1) | (block[at + i] ?? 0)
    text += ALPHABET[value]
  }
  return text
}
