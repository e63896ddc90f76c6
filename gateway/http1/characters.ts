// gateway/http1/characters.ts: which bytes may stand where in an HTTP/1.1 head (RFC 9110 section 5, RFC 9112), as 256-entry tables.

const table = (of: (code: number, char: string) => number): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => of(code, String.fromCharCode(code)))

const isToken = (code: number, char: string): boolean =>
  code < 128 && /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char)
const lower = (code: number): number => (code >= 65 && code <= 90 ? code | 32 : code)

/** A token's byte in lower case, 0 for any other byte. */
export const TOKEN = table((code, char) => (isToken(code, char) ? lower(code) : 0))

/**
 * The same with '_' folded to '-': CGI spells both alike, so "X_Real_IP" must be recognised as a twin of "X-Real-IP".
 * `TOKEN_FOLDED[b] ^ b` is 0 or 32 for every byte but '_'.
 */
export const TOKEN_FOLDED = table((code, char) => (char === '_' ? 45 : isToken(code, char) ? lower(code) : 0))

/** 1: may stand in a field value or reason phrase: visible, blank, tab or obs-text. */
export const VALUE = table(code => (code === 9 || (code >= 32 && code !== 127) ? 1 : 0))

/** Request targets: 1 visible, 2 '%', 0 not allowed there ('?' ends the path, '#' never travels, '\' is '/' to some). */
export const PATH = table((code, char) =>
  char === '%' ? 2 : code > 32 && code < 127 && !'?#\\'.includes(char) ? 1 : 0,
)
export const QUERY = table((code, char) => (code > 32 && code < 127 && char !== '#' ? 1 : 0))

/** Hexadecimal digit's value, 255 for any other byte. */
export const HEX = table((_, char) => (/[0-9a-fA-F]/.test(char) ? Number.parseInt(char, 16) : 255))

/** Whether bytes[start, end) is `word` in any case. @param word lower-case token bytes */
export function isWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false
  for (let i = 0; i < word.length; i++) if (TOKEN[bytes[start + i]!] !== word[i]) return false
  return true
}

/** Decimal digits as a number. @returns -1 when there is any other byte, none, or more than 15 (exact in a double) */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > 15) return -1
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
