// gateway/http1/request-head.ts: a request's start line and fields, strict (RFC 9112), as offsets into its bytes.
// Every downstream protocol ends in this shape, so that routing and the upstream codecs know only one.
import { latin1 } from '../../base/latin1.ts'
import { HEX, PATH, QUERY, TOKEN } from './characters.ts'
import { HOP, OTHER, SHADOW } from './field-names.ts'
import { Head, NEED_MORE } from './field-section.ts'
import { isHostValue } from './host.ts'

export const METHODS = [
  '',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'CONNECT',
  'TRACE',
] as const
export const OTHER_METHOD = 0
export const GET = 1
export const HEAD = 2
export const OPTIONS = 6
export const CONNECT = 8
export const TRACE = 9

const METHOD_BYTES = METHODS.map(name => Uint8Array.from(Buffer.from(name)))
// Idempotent (RFC 9110 section 9.2.2): GET HEAD PUT DELETE OPTIONS TRACE.
const IDEMPOTENT = Uint8Array.from([0, 1, 1, 0, 1, 1, 1, 0, 0, 1])
const MOST_METHOD_BYTES = 32
const HTTP = Uint8Array.from(Buffer.from('http://'))
const HTTPS = Uint8Array.from(Buffer.from('https://'))

export class RequestHead extends Head {
  /** One of the constants above; methods are case-sensitive. */
  method = OTHER_METHOD
  methodEnd = 0
  targetStart = 0
  targetEnd = 0
  /** Path of the target: behind the authority of an absolute form. Empty only in "http://host". */
  pathStart = 0
  /** End of the path: the '?' or targetEnd. */
  pathEnd = 0
  isAbsolute = false
  hasPercent = false
  /** Longest target; a longer one is answered 414. */
  targetLimit = 8192

  /** Whom the request is for: the Host field, or in HTTP/1.0 without one the authority of an absolute form; else ''. */
  hostOf(bytes: Buffer): string {
    if (this.host >= 0) return this.valueOf(bytes, this.host)
    if (!this.isAbsolute) return ''
    const url = latin1(bytes, this.targetStart, this.pathStart)
    return url.slice(url.indexOf('//') + 2)
  }

  /** Whether the Host field is exactly this; false without one. */
  hasHost(bytes: Buffer, host: string): boolean {
    if (this.host < 0) return false
    const start = this.at[this.host * 4 + 2]!
    if (this.at[this.host * 4 + 3]! - start !== host.length) return false
    for (let i = 0; i < host.length; i++) if (bytes[start + i] !== host.charCodeAt(i)) return false
    return true
  }

  get isIdempotent(): boolean {
    return IDEMPOTENT[this.method] === 1
  }

  /**
   * Reads bytes[from, end) as the head of a request.
   *
   * @returns offset behind the head; {@link NEED_MORE}; or minus the status to refuse it with:
   * 400, 414, 431, 501 (a transfer coding we do not know), 505
   */
  parse(bytes: Buffer, from: number, end: number): number {
    let p = from
    // RFC 9112 section 2.2: an empty line before the request line is ignored.
    while (p + 1 < end && bytes[p] === 13 && bytes[p + 1] === 10) p += 2
    this.clear(p)
    const methodStart = p
    while (p < end && TOKEN[bytes[p]!] !== 0) p++
    if (p - methodStart > MOST_METHOD_BYTES) return -400
    if (p >= end) return NEED_MORE
    if (p === methodStart) return bytes[p] === 13 && p + 1 >= end ? NEED_MORE : -400
    if (bytes[p] !== 32) return -400
    this.methodEnd = p
    this.method = methodOf(bytes, methodStart, p)
    p = this.#parseTarget(bytes, p + 1, end)
    if (p <= 0) return p
    // " HTTP/1.x\r\n"
    if (!startsLikeVersion(bytes, p, end)) return -400
    if (p + 11 > end) return NEED_MORE
    if (bytes[p + 6] !== 49 || (bytes[p + 8]! & 0xfe) !== 48) return -505
    this.minor = bytes[p + 8]! - 48
    const behind = this.parseFields(bytes, p + 11, end)
    return behind <= 0 ? behind : this.#check(bytes, behind)
  }

  /** @returns offset of the blank behind the target, {@link NEED_MORE}, or minus a status */
  #parseTarget(bytes: Uint8Array, from: number, end: number): number {
    this.targetStart = this.pathStart = from
    this.isAbsolute = false
    let seen = 0
    let p = from
    while (p < end) {
      const kind = PATH[bytes[p]!]!
      if (kind === 0) break
      seen |= kind
      p++
    }
    this.pathEnd = p
    if (p < end && bytes[p] === 63) {
      p++
      while (p < end && QUERY[bytes[p]!] === 1) p++
    }
    if (p - from > this.targetLimit) return -414
    if (p >= end) return NEED_MORE
    if (bytes[p] !== 32 || p === from) return -400
    this.targetEnd = p
    this.hasPercent = (seen & 2) !== 0
    return p
  }

  // What no single line can tell. Each refusal is a place where two readers might differ.
  #check(bytes: Buffer, behind: number): number {
    if (this.isChunked && (this.contentLength >= 0 || this.minor === 0)) return -400
    if (this.host < 0) {
      if (this.minor === 1) return -400
    } else if (!isHostValue(bytes, this.at[this.host * 4 + 2]!, this.at[this.host * 4 + 3]!)) return -400
    if (bytes[this.targetStart] !== 47 && !this.#checkOtherForm(bytes)) return -400
    if (this.hasUnderscore) this.#dropTwins(bytes)
    if (this.hasPercent && !hasGoodPercents(bytes, this.pathStart, this.pathEnd)) return -400
    return behind
  }

  // CGI cannot tell X_User from X-User: where both came, only the properly spelled one is passed on.
  // By a set: each name against each other one took 17 ms for a head of 30 KB made for it.
  #dropTwins(bytes: Buffer): void {
    const proper = new Set<string>()
    for (let i = 0; i < this.count; i++) {
      const name = this.nameOf(bytes, i)
      if (!name.includes('_')) proper.add(name)
    }
    for (let i = 0; i < this.count; i++) {
      if (this.ids[i] !== OTHER) continue
      const name = this.nameOf(bytes, i)
      if (!name.includes('_') || !proper.has(name.replaceAll('_', '-'))) continue
      this.ids[i] = SHADOW
      this.classes |= HOP
    }
  }

  // RFC 9112 section 3.2: "*" for OPTIONS, host:port for CONNECT, a whole URL whose authority must be the Host field's.
  #checkOtherForm(bytes: Uint8Array): boolean {
    const start = this.targetStart
    if (this.method === CONNECT) return isHostValue(bytes, start, this.targetEnd)
    if (bytes[start] === 42) return this.method === OPTIONS && this.targetEnd === start + 1
    const scheme = startsWith(bytes, start, HTTP)
      ? HTTP.length
      : startsWith(bytes, start, HTTPS)
        ? HTTPS.length
        : 0
    if (scheme === 0) return false
    const authority = start + scheme
    let p = authority
    while (p < this.pathEnd && bytes[p] !== 47) p++
    this.pathStart = p
    this.isAbsolute = true
    if (!isHostValue(bytes, authority, p)) return false
    return (
      this.host < 0 ||
      sameAuthority(bytes, authority, p, this.at[this.host * 4 + 2]!, this.at[this.host * 4 + 3]!)
    )
  }
}

function methodOf(bytes: Uint8Array, start: number, end: number): number {
  for (let id = 1; id < METHOD_BYTES.length; id++) {
    const name = METHOD_BYTES[id]!
    if (name.length !== end - start || name[0] !== bytes[start]) continue
    let i = 1
    while (i < name.length && name[i] === bytes[start + i]) i++
    if (i === name.length) return id
  }
  return OTHER_METHOD
}

const VERSION = Uint8Array.from(Buffer.from(' HTTP/1.1\r\n'))

// Digits are judged by the caller; wrong bytes are refused as soon as they come, whole line or not.
function startsLikeVersion(bytes: Uint8Array, from: number, end: number): boolean {
  for (let i = 1; i < VERSION.length && from + i < end; i++) {
    const byte = bytes[from + i]!
    if (i === 6 || i === 8 ? byte < 48 || byte > 57 : byte !== VERSION[i]) return false
  }
  return true
}

function startsWith(bytes: Uint8Array, start: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) {
    const byte = bytes[start + i]!
    if ((byte >= 65 && byte <= 90 ? byte | 32 : byte) !== prefix[i]) return false
  }
  return true
}

function sameAuthority(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  if (aEnd - a !== bEnd - b) return false
  for (let i = 0; i < aEnd - a; i++) {
    if ((bytes[a + i]! | 32) !== (bytes[b + i]! | 32)) return false // no two bytes of a host but letters differ so
  }
  return true
}

// A '%' without two digits reads differently everywhere, and no path holds a NUL.
function hasGoodPercents(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) {
    if (bytes[p] !== 37) continue
    if (p + 2 >= end) return false
    const high = HEX[bytes[p + 1]!]!
    const low = HEX[bytes[p + 2]!]!
    if (high === 255 || low === 255 || (high | low) === 0) return false
    p += 2
  }
  return true
}
