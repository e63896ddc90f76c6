// test/fuzz/head-reader.ts: reads HTTP/1.1 heads a second time, slowly, by regular expressions written from the RFCs,
// so that it and the product's tables can only be wrong in different ways.
import { isIPv6 } from 'node:net'

const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\x21-\x22\x24-\x7e]+) HTTP\/1\.([01])$/
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?$/
const NAMED_HOST = /^[\w.~!$&'()*+;=-]+(?::(\d{1,5}))?$/
const BRACKETED_HOST = /^\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?$/
const BAD_PATH = /%(?![0-9a-fA-F]{2})|%00|\\/
/** Whom a request is for and where it ends: no tab, and no blank behind, may stand around these values. */
const DECISIVE = /^(?:host|content-length|transfer-encoding)$/i
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export interface ReadFields {
  /** Names in lower case, values without the blanks around them. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly contentLength: number
  readonly isChunked: boolean
  readonly connection: readonly string[]
}

export interface ReadRequest extends ReadFields {
  readonly method: string
  readonly target: string
  /** Path of the target: behind the authority of an absolute form. */
  readonly path: string
  /** Whom it is for: Host, else the authority of an absolute form; '' when nothing tells. */
  readonly host: string
  readonly minor: number
}

export interface ReadResponse extends ReadFields {
  readonly code: number
  readonly reason: string
  readonly minor: number
  readonly isCgi: boolean
}

/** @returns '' for what must be refused */
export function readRequest(head: string, fieldLimit: number, targetLimit: number): ReadRequest | '' {
  const [line = '', ...lines] = linesOf(head)
  const [, method = '', target = '', version = ''] = REQUEST_LINE.exec(line) ?? []
  if (method === '' || target.length > targetLimit) return ''
  const minor = Number(version)
  const rest = readFields(lines, fieldLimit, minor)
  if (rest === '') return ''
  const hosts = valuesOf(rest, 'host')
  if (hosts.length === 0 && minor === 1) return ''
  if (hosts.length === 1 && !isHost(hosts[0]!)) return ''
  const path = pathOf(method, target, hosts[0])
  if (path === null || BAD_PATH.test(target.split('?', 1)[0]!)) return ''
  const authority = /^https?:\/\/([^/?]*)/i.exec(target)?.[1] ?? ''
  const host = hosts[0] ?? (method === 'CONNECT' ? '' : authority)
  return { method, target, path, host, minor, ...rest }
}

/** @param cgi whether a first line "Status:" may stand for a status line. @returns '' for what must be refused */
export function readResponse(head: string, fieldLimit: number, cgi: boolean): ReadResponse | '' {
  const lines = linesOf(head)
  if (cgi && /^s/i.test(head)) {
    const rest = readFields(lines, fieldLimit, 0)
    if (rest === '' || rest.fields[0]?.[0] !== 'status') return ''
    // The last one counts, as there is no reason for a second.
    const status = valuesOf(rest, 'status').at(-1)!
    const [, code = '', reason = ''] = /^([1-5][0-9][0-9])(?: (.*))?$/s.exec(status) ?? []
    return code === '' ? '' : { code: Number(code), reason, minor: 0, isCgi: true, ...rest }
  }
  const [, minor = '', code = '', reason = ''] = STATUS_LINE.exec(lines[0] ?? '') ?? []
  if (code === '') return ''
  const rest = readFields(lines.slice(1), fieldLimit, Number(minor))
  return rest === '' ? '' : { code: Number(code), reason, minor: Number(minor), isCgi: false, ...rest }
}

/** Host field or authority: RFC 3986 section 3.2.2 without user information, percents and IPvFuture. */
export function isHost(text: string): boolean {
  if (text.length > 255) return false
  const named = NAMED_HOST.exec(text)
  if (named !== null) return Number(named[1] ?? 0) <= 65_535
  const bracketed = BRACKETED_HOST.exec(text)
  return bracketed !== null && isIPv6(bracketed[1]!) && Number(bracketed[2] ?? 0) <= 65_535
}

// Up to its last line end, which stands before the empty line.
function linesOf(head: string): string[] {
  return head.slice(0, -4).split('\r\n')
}

function readFields(lines: readonly string[], limit: number, minor: number): ReadFields | '' {
  if (lines.length > limit) return ''
  const fields: [string, string][] = []
  for (const line of lines) {
    const [, name = '', value = ''] = FIELD.exec(line) ?? []
    if (name === '') return ''
    if (DECISIVE.test(name) && !/^[^:]*: *(?:[^\t ](?:.*[^\t ])?)?$/s.test(line)) return ''
    fields.push([name.toLowerCase(), value.replace(/[\t ]+$/, '')])
  }
  const only = (name: string): string[] => fields.filter(field => field[0] === name).map(field => field[1])
  const lengths = only('content-length')
  const codings = only('transfer-encoding')
  if (lengths.length > 1 || lengths.some(length => !/^\d{1,15}$/.test(length))) return ''
  if (codings.length > 1 || codings.some(coding => coding.toLowerCase() !== 'chunked')) return ''
  if (codings.length > 0 && (lengths.length > 0 || minor === 0)) return ''
  // Of these there is one at most, in answers, too.
  if (['host', 'upgrade', 'expect'].some(name => only(name).length > 1)) return ''
  const connection = only('connection').flatMap(list =>
    list.split(',').map(item => item.replace(/^[\t ]+|[\t ]+$/g, '')),
  )
  if (connection.some(item => item !== '' && !TOKEN.test(item))) return ''
  return {
    fields,
    contentLength: lengths.length === 0 ? -1 : Number(lengths[0]),
    isChunked: codings.length > 0,
    connection: connection.filter(item => item !== '').map(item => item.toLowerCase()),
  }
}

function valuesOf({ fields }: ReadFields, name: string): string[] {
  return fields.filter(field => field[0] === name).map(field => field[1])
}

// RFC 9112 section 3.2. @returns null when the form does not fit
function pathOf(method: string, target: string, host: string | undefined): string | null {
  if (target.startsWith('/')) return target.split('?', 1)[0]!
  if (method === 'CONNECT') return isHost(target) ? target : null
  if (target === '*') return method === 'OPTIONS' ? '*' : null
  const [, authority = '', path = ''] = /^https?:\/\/([^/?]*)([^?]*)/i.exec(target) ?? []
  if (!isHost(authority)) return null
  return host === undefined || host.toLowerCase() === authority.toLowerCase() ? path : null
}
