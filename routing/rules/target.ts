// routing/rules/target.ts: how a path and a query that rules left are written as a request target.
import { percent } from './fields.ts'

// RFC 3986: what a path may hold as it is. A percent sign is never one of them: this text is decoded.
const NOT_IN_PATH = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g
// A query is as it was sent, or as a rule wrote it: only what would end the target is spelled otherwise.
const NOT_IN_QUERY = /[^\x21\x22\x24-\x7e]/g

/** @param path decoded. @returns begins with a slash */
export function pathOf(path: string): string {
  const text = path.replace(NOT_IN_PATH, percent)
  return text.startsWith('/') ? text : `/${text}`
}

export function queryOf(query: string): string {
  return query.replace(NOT_IN_QUERY, percent)
}

/** A target as a rule wrote it, with its own percents: it always begins with a slash, and ends where it ends. */
export function originForm(target: string): string {
  const text = target.replace(NOT_IN_QUERY, percent)
  return text.startsWith('/') ? text : `/${text}`
}

/** Dot segments out, as servers walk through them; never above the root. @param path decoded */
export function withoutDots(path: string): string {
  if (!/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) return path
  const segments = path.split('/')
  const kept: string[] = []
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1
    if (segment === '..' && kept.length > 1) kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (isLast) kept.push('')
  }
  return kept.length === 1 ? `/${kept[0]}` : kept.join('/')
}
