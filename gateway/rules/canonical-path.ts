// gateway/rules/canonical-path.ts: the path as rules see it: slashes merged, decoded, without dot segments before decoding
// and behind it. What is left to a node's own reading is the spelling of percents alone.
import { HEX } from '../http1/characters.ts'

/** What becomes of "%2F", and of "%5C", which some nodes take for a slash (escaped-slash). */
export type EscapedSlash = 'decode' | 'keep' | 'reject'

export interface CanonicalPath {
  /** PATH_INFO, one character a byte. */
  readonly text: string
  /** The same for a request target, percents and all. */
  readonly target: string
  /** Whether it differs from what was sent by more than percent spelling. */
  readonly isChanged: boolean
  /** Whether escaped slashes stayed escaped, which packets have decoded. */
  readonly hasKept: boolean
}

// Slashes that stay escaped, as they were spelled: no characters of a byte.
const KEPT = new Map([
  ['%2f', '\u0100'],
  ['%2F', '\u0101'],
  ['%5c', '\u0102'],
  ['%5C', '\u0103'],
])
const BACKSLASH = 0x5c
const SPELLED = new Map([...KEPT].map(([percent, char]) => [char, percent]))

/**
 * @param path as sent: its percents are well-formed, and none is NUL
 * @returns null when it has an escaped slash and must not
 */
export function canonicalPath(path: string, merges: boolean, slashes: EscapedSlash): CanonicalPath | null {
  if (!path.startsWith('/')) return { text: path, target: path, isChanged: false, hasKept: false }
  const hasEscapedSlash = /%(2f|5c)/i.test(path)
  if (hasEscapedSlash && slashes === 'reject') return null
  const keeps = slashes === 'keep'
  const cleaned = clean(decoded(clean(path, merges), keeps), merges)
  const isChanged = (hasEscapedSlash && !keeps) || cleaned !== decoded(path, keeps)
  const text = cleaned.replace(/[\u0100-\u0103]/g, spelled)
  return { text, target: encodedPath(cleaned), isChanged, hasKept: text.length > cleaned.length }
}

/** Whether bytes[start, end), without percents, may differ from its canonical form. */
export function mayChange(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start + 1; p < end; p++) {
    const byte = bytes[p]!
    if ((byte === 47 || byte === 46 || byte === 59) && bytes[p - 1] === 47) return true
  }
  return false
}

/** A decoded path, or what a rule made one, as it stands in a target. */
export function encodedPath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g, spelled)
}

function spelled(char: string): string {
  return SPELLED.get(char) ?? `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

function clean(path: string, merges: boolean): string {
  const bare = path.includes(';') ? withoutOddParameters(path, merges) : path
  return withoutDots(merges && bare.includes('//') ? bare.replace(/\/{2,}/g, '/') : bare)
}

// Java's servers drop parameters before they walk: "/..;x/" climbs there, and "/;x/" is "//". No link is written so.
function withoutOddParameters(path: string, merges: boolean): string {
  const dots = path.replace(/\/(\.\.?);[^/]*(?=\/|$)/g, '/$1')
  return merges ? dots.replace(/\/;[^/]*(?=\/)/g, '/') : dots
}

// RFC 3986 section 5.2.4: "/a/." is "/a/", and nothing climbs above the root.
function withoutDots(path: string): string {
  if (!path.includes('/.')) return path
  const parts = path.split('/')
  const kept: string[] = []
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i]!
    const isDots = part === '.' || part === '..'
    if (part === '..') kept.pop()
    if (!isDots) kept.push(part)
    else if (i === parts.length - 1) kept.push('')
  }
  return `/${kept.join('/')}`
}

function decoded(path: string, keepsSlashes: boolean): string {
  if (!path.includes('%')) return path
  return path.replace(/%(..)/gs, (percent: string) => {
    const kept = keepsSlashes ? KEPT.get(percent) : undefined
    if (kept !== undefined) return kept
    const byte = HEX[percent.charCodeAt(1)]! * 16 + HEX[percent.charCodeAt(2)]!
    return byte === BACKSLASH ? '/' : String.fromCharCode(byte)
  })
}
