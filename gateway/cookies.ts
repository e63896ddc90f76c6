// gateway/cookies.ts: one cookie of a request (RFC 6265 section 5.4).
import { ID } from './http1/field-names.ts'
import type { RequestHead } from './http1/request-head.ts'

/** Its value, as sent; the first of that name. @param head of `bytes`. @returns '' when there is none */
export function cookieOf(head: RequestHead, bytes: Buffer, name: string): string {
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== ID.cookie) continue
    const value = valueIn(head.valueOf(bytes, i), name)
    if (value !== '') return value
  }
  return ''
}

// Pairs stand between semicolons, blanks around them.
function valueIn(text: string, name: string): string {
  for (let from = 0; ; ) {
    const at = text.indexOf(name, from)
    if (at < 0) return ''
    from = at + name.length
    if (text.charCodeAt(from) !== 61 || !beginsPair(text, at)) continue
    const end = text.indexOf(';', from)
    return text.slice(from + 1, end < 0 ? text.length : end).trim()
  }
}

function beginsPair(text: string, at: number): boolean {
  let p = at - 1
  while (p >= 0 && (text.charCodeAt(p) === 32 || text.charCodeAt(p) === 9)) p--
  return p < 0 || text.charCodeAt(p) === 59
}
