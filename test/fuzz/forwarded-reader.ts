// test/fuzz/forwarded-reader.ts: which fields of a request may reach a node, told by their names a second time.
import type { ReadRequest } from './head-reader.ts'

/** Of one connection only, or poison for CGI: never passed on, in whatever spelling. */
const NEVER = new Set(['te', 'upgrade', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'proxy', 'http2-settings']) // biome-ignore format: one list
const IDENTITY = new Set(['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-ssl', 'x-real-ip', 'front-end-https']) // biome-ignore format: one list
/** Known otherwise: no other spelling of theirs passes. */
const KNOWN = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'content-type', 'cookie', 'date', 'referer', 'user-agent', 'status', 'trailer', 'max-forwards', ...NEVER, ...IDENTITY]) // biome-ignore format: one list

type Field = readonly [name: string, value: string]

/** Fields that pass, in order, but for Connection, Expect and those that claim who the client is. */
export function passing(read: ReadRequest): Field[] {
  const proper = new Set(read.fields.map(([name]) => name).filter(name => !name.includes('_')))
  const named = new Set(read.connection)
  return read.fields.filter(([name]) => {
    const plain = name.replaceAll('_', '-')
    if (name.includes('_') && (KNOWN.has(plain) || proper.has(plain))) return false
    if (NEVER.has(name) || IDENTITY.has(name) || name === 'connection' || name === 'expect') return false
    return KNOWN.has(name) || !named.has(name)
  })
}

export function isIdentity(name: string): boolean {
  return IDENTITY.has(name)
}
