// gateway/http1/response-head.ts: a node's status line and fields, as strict as requests; what is refused becomes 502.
// uWSGI in cgi-mode, and anything CGI-like, begins with "Status: 200 OK" instead: understood when asked for.
import { VALUE } from './characters.ts'
import { Head, NEED_MORE } from './field-section.ts'

const BAD = -502
const HTTP_1 = Uint8Array.from(Buffer.from('HTTP/1.'))
const STATUS = Uint8Array.from(Buffer.from('status:'))

export class ResponseHead extends Head {
  code = 0
  /** Reason phrase: bytes[reasonStart, reasonEnd), possibly empty. */
  reasonStart = 0
  reasonEnd = 0
  /** Began with a Status field, not with a status line. */
  isCgi = false

  /**
   * @param cgi accept a head that begins with "Status:"
   * @returns offset behind the head, {@link NEED_MORE}, or a negative number when it cannot be trusted
   */
  parse(bytes: Buffer, from: number, end: number, cgi: boolean): number {
    this.clear(from)
    this.isCgi = false
    const first = bytes[from]!
    if (cgi && end > from && (first | 32) === 115) return this.#parseCgi(bytes, from, end)
    for (let i = 0; i < 13 && from + i < end; i++) if (!fitsStatusLine(bytes[from + i]!, i)) return BAD
    if (end - from < 14) return NEED_MORE
    this.minor = bytes[from + 7]! - 48
    this.code = (bytes[from + 9]! - 48) * 100 + (bytes[from + 10]! - 48) * 10 + (bytes[from + 11]! - 48)
    const behind = this.#parseReason(bytes, from + 12, end)
    return behind <= 0 ? behind : this.#finish(this.parseFields(bytes, behind, end))
  }

  #parseReason(bytes: Buffer, from: number, end: number): number {
    let p = from
    if (bytes[p] === 32) p++
    this.reasonStart = p
    while (p < end && VALUE[bytes[p]!] === 1) p++
    this.reasonEnd = p
    if (p < end && bytes[p] !== 13) return BAD
    if (p + 1 >= end) return NEED_MORE
    return bytes[p + 1] === 10 ? p + 2 : BAD
  }

  #parseCgi(bytes: Buffer, from: number, end: number): number {
    for (let i = 0; i < STATUS.length && from + i < end; i++) {
      const byte = bytes[from + i]!
      if ((byte >= 65 && byte <= 90 ? byte | 32 : byte) !== STATUS[i]) return BAD
    }
    this.minor = 0 // not the answer's before this one
    const behind = this.#finish(this.parseFields(bytes, from, end))
    if (behind <= 0) return behind
    const start = this.at[this.status * 4 + 2]!
    const stop = this.at[this.status * 4 + 3]!
    if (stop - start < 3 || (stop - start > 3 && bytes[start + 3] !== 32)) return BAD
    for (let i = 0; i < 3; i++) if (!fitsStatusLine(bytes[start + i]!, 9 + i)) return BAD
    this.code = (bytes[start]! - 48) * 100 + (bytes[start + 1]! - 48) * 10 + (bytes[start + 2]! - 48)
    this.reasonStart = Math.min(start + 4, stop)
    this.reasonEnd = stop
    this.minor = 0
    this.isCgi = true
    return behind
  }

  #finish(behind: number): number {
    if (behind < 0) return BAD
    if (behind > 0 && this.isChunked && (this.contentLength >= 0 || this.minor === 0)) return BAD
    return behind
  }
}

// "HTTP/1.x NNN" and then a blank or CR, byte by byte: a wrong byte is known when it comes.
function fitsStatusLine(byte: number, place: number): boolean {
  if (place < 7) return byte === HTTP_1[place]
  if (place === 7) return byte === 48 || byte === 49
  if (place === 8) return byte === 32
  if (place === 9) return byte >= 49 && byte <= 53
  if (place < 12) return byte >= 48 && byte <= 57
  return byte === 32 || byte === 13
}
