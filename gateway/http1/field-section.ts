// gateway/http1/field-section.ts: the lines between start line and empty line, checked strictly into a table of offsets.
// No string is made. Offsets point into the bytes that were parsed and hold until the same head parses again.
import { latin1 } from '../../base/latin1.ts'
import { decimal, isWord, TOKEN, TOKEN_FOLDED, VALUE } from './characters.ts'
import { CANDIDATE, CLASS, HOP, ID, NAME_BYTES, NAMED, OTHER, SHADOW, slotOf } from './field-names.ts'

/** More bytes are needed. */
export const NEED_MORE = 0

const MOST_FIELDS = 1024
const CHUNKED = Uint8Array.from(Buffer.from('chunked'))
const CLOSE = Uint8Array.from(Buffer.from('close'))
const KEEP_ALIVE = Uint8Array.from(Buffer.from('keep-alive'))
const UPGRADE_TOKEN = Uint8Array.from(Buffer.from('upgrade'))

/** What request and response heads have in common. All offsets are into the parsed bytes. */
export class Head {
  /** Four offsets a field: line start (= name start), name end, value start, value end (blanks trimmed). */
  readonly at = new Int32Array(MOST_FIELDS * 4)
  readonly ids = new Uint8Array(MOST_FIELDS)
  /** Hash of each name in lower case, '_' read as '-': unequal hashes are unequal CGI names. */
  readonly hashes = new Int32Array(MOST_FIELDS)
  count = 0
  /** Union of the fields' classes. */
  classes = 0
  start = 0
  fieldsStart = 0
  /** Start of the empty line; `end` is behind it. */
  fieldsEnd = 0
  end = 0
  minor = 1
  host = -1 // index of the field, -1 when absent; so below
  expect = -1
  date = -1
  upgrade = -1
  status = -1
  contentLength = -1 // its value
  isChunked = false
  saysClose = false
  saysKeepAlive = false
  saysUpgrade = false
  /** Connection names fields of its own: they are dropped too. */
  namesFields = false
  hasUnderscore = false

  /** At most this many fields (1024 in any case); more are answered 431. */
  fieldLimit = 128

  protected clear(start: number): void {
    this.start = start
    this.count = this.classes = 0
    this.host = this.expect = this.date = this.upgrade = this.status = this.contentLength = -1
    this.isChunked =
      this.saysClose =
      this.saysKeepAlive =
      this.saysUpgrade =
      this.namesFields =
      this.hasUnderscore =
        false
  }

  /**
   * Reads the field section from `p` on.
   *
   * @returns offset behind the head; {@link NEED_MORE}; or minus the status that a request like this earns
   */
  protected parseFields(bytes: Buffer, from: number, end: number): number {
    const at = this.at
    const limit = Math.min(this.fieldLimit, MOST_FIELDS)
    let p = from
    let count = 0
    let classes = 0
    this.fieldsStart = p
    for (;;) {
      if (p >= end) return NEED_MORE
      let c = bytes[p]!
      if (c === 13) {
        if (p + 1 >= end) return NEED_MORE
        if (bytes[p + 1] !== 10) return -400
        this.count = count
        this.classes = classes
        this.fieldsEnd = p
        this.end = p + 2
        if (this.namesFields) this.#markNamed(bytes)
        return p + 2
      }
      if (count === limit) return -431
      const nameStart = p
      let hash = 0
      let folded = 0
      let l = 0
      // One pass validates, lower-cases, hashes and notes underscores.
      while (p < end) {
        c = bytes[p]!
        l = TOKEN_FOLDED[c]!
        if (l === 0) break
        hash = (Math.imul(hash, 33) ^ l) | 0
        folded |= c ^ l
        p++
      }
      if (p >= end) return NEED_MORE
      if (c !== 58 || p === nameStart) return -400 // blank before the colon, folded line, empty name
      const nameEnd = p++
      while (p < end && isBlank(bytes[p]!)) p++
      const valueStart = p
      while (p < end && VALUE[bytes[p]!] === 1) p++
      if (p >= end) return NEED_MORE
      if (bytes[p] !== 13) return -400 // bare LF, NUL, control
      if (p + 1 >= end) return NEED_MORE
      if (bytes[p + 1] !== 10) return -400 // bare CR
      let valueEnd = p
      p += 2
      while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1]!)) valueEnd--
      const t = count << 2
      at[t] = nameStart
      at[t + 1] = nameEnd
      at[t + 2] = valueStart
      at[t + 3] = valueEnd
      this.hashes[count] = hash
      const id = CANDIDATE[slotOf(hash)]!
      const hasUnderscore = (folded & ~32) !== 0
      if (hasUnderscore) this.hasUnderscore = true
      if (id !== OTHER && isName(bytes, nameStart, nameEnd, NAME_BYTES[id]!)) {
        if (hasUnderscore) {
          this.ids[count] = SHADOW
          classes |= HOP
        } else {
          this.ids[count] = id
          classes |= CLASS[id]!
          const problem = this.#note(bytes, id, count, valueStart, valueEnd)
          if (problem !== 0) return problem
        }
      } else {
        this.ids[count] = OTHER
      }
      count++
    }
  }

  /** @returns 0, or minus the status for a value that cannot stand */
  #note(bytes: Buffer, id: number, index: number, start: number, end: number): number {
    switch (id) {
      case ID.host:
        if (this.host >= 0 || !this.#isPlain(bytes, index, start, end)) return -400
        this.host = index
        return 0
      case ID.connection:
        return this.#readConnection(bytes, start, end) ? 0 : -400
      case ID['content-length']:
        // Repeats are refused even when equal: RFC 9112 section 6.3 lets us, and no reader then differs.
        if (this.contentLength >= 0) return -400
        this.contentLength = decimal(bytes, start, end)
        return this.contentLength < 0 || !this.#isPlain(bytes, index, start, end) ? -400 : 0
      case ID['transfer-encoding']:
        if (this.isChunked) return -400
        if (!isWord(bytes, start, end, CHUNKED)) return -501
        this.isChunked = true
        return this.#isPlain(bytes, index, start, end) ? 0 : -400
      case ID.expect:
        if (this.expect >= 0) return -400
        this.expect = index
        return 0
      case ID.upgrade:
        if (this.upgrade >= 0) return -400
        this.upgrade = index
        return 0
      case ID.date:
        this.date = index
        return 0
      case ID.status:
        this.status = index
        return 0
      default:
        return 0
    }
  }

  // RFC 9112 section 5 lets blanks and tabs stand on both sides of a value. uWSGI's router sees no length behind a tab and
  // no "chunked" before a blank, nginx refuses tabs: whom a request is for and where it ends must not hang on them.
  #isPlain(bytes: Buffer, index: number, start: number, end: number): boolean {
    for (let p = this.at[index * 4 + 1]! + 1; p < start; p++) if (bytes[p] !== 32) return false
    return bytes[end] === 13
  }

  // Connection is a list of tokens; any but close, keep-alive and upgrade is the name of another field to drop.
  #readConnection(bytes: Buffer, start: number, end: number): boolean {
    let p = start
    while (p < end) {
      if (isBlank(bytes[p]!) || bytes[p] === 44) {
        p++
        continue
      }
      const token = p
      while (p < end && TOKEN[bytes[p]!] !== 0) p++
      if (p === token) return false
      if (isWord(bytes, token, p, CLOSE)) this.saysClose = true
      else if (isWord(bytes, token, p, KEEP_ALIVE)) this.saysKeepAlive = true
      else if (isWord(bytes, token, p, UPGRADE_TOKEN)) this.saysUpgrade = true
      else this.namesFields = true
      while (p < end && isBlank(bytes[p]!)) p++
      if (p < end && bytes[p] !== 44) return false
    }
    return true
  }

  // Only fields without a meaning to us can be named: "Connection: Content-Length" must not change the framing.
  #markNamed(bytes: Buffer): void {
    const names = new Set<string>()
    for (let i = 0; i < this.count; i++) {
      if (this.ids[i] !== ID.connection) continue
      for (const token of this.valueOf(bytes, i).toLowerCase().split(',')) names.add(token.trim())
    }
    for (let i = 0; i < this.count; i++) {
      if (this.ids[i] === OTHER && names.has(this.nameOf(bytes, i))) this.ids[i] = NAMED
    }
  }

  /** Whether fields `i` and `j` have the same name for CGI: any case, '_' as '-'. */
  hasSameName(bytes: Buffer, i: number, j: number): boolean {
    if (this.hashes[i] !== this.hashes[j]) return false
    const a = this.at[i * 4]!
    const b = this.at[j * 4]!
    const length = this.at[i * 4 + 1]! - a
    if (length !== this.at[j * 4 + 1]! - b) return false
    for (let k = 0; k < length; k++)
      if (TOKEN_FOLDED[bytes[a + k]!] !== TOKEN_FOLDED[bytes[b + k]!]) return false
    return true
  }

  /** Name of field `i` in lower case. For cold paths: it makes a string. */
  nameOf(bytes: Buffer, i: number): string {
    return latin1(bytes, this.at[i * 4]!, this.at[i * 4 + 1]!).toLowerCase()
  }

  /** Value of field `i`; likewise. */
  valueOf(bytes: Buffer, i: number): string {
    return latin1(bytes, this.at[i * 4 + 2]!, this.at[i * 4 + 3]!)
  }

  /** Every value of the fields with this id, joined by ', '; '' when there is none. */
  joined(bytes: Buffer, id: number): string {
    let all = ''
    for (let i = 0; i < this.count; i++) {
      if (this.ids[i] === id) all += (all === '' ? '' : ', ') + this.valueOf(bytes, i)
    }
    return all
  }
}

const isBlank = (byte: number): boolean => byte === 32 || byte === 9

function isName(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) if (TOKEN_FOLDED[bytes[start + i]!] !== name[i]) return false
  return true
}
