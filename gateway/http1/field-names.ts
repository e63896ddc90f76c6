// gateway/http1/field-names.ts: the header fields Sluice itself reacts to, found by a hash of their lower-case name.

/** What makes a field special; a head keeps the union of its fields' classes, so "nothing to do" is one test. */
export const HOP = 1 // concerns this connection only (RFC 9110 section 7.6.1): never forwarded
export const IDENTITY = 2 // claims who the client is: believed from trusted proxies only
export const EXPECT = 4
export const DATE = 8
export const FRAMING = 16
export const UPGRADE = 32
export const STATUS = 64
export const CONNECTION = 128

/** Id 0 is any other field; SHADOW is a field spelled with '_' whose '-' twin stands in this table. */
export const OTHER = 0
export const SHADOW = 254
/** Named by Connection, so dropped like the connection's own fields. */
export const NAMED = 255

const FIELDS = [
  ['', 0],
  ['host', 0],
  ['connection', CONNECTION],
  ['content-length', FRAMING],
  ['transfer-encoding', FRAMING],
  ['te', HOP],
  ['upgrade', HOP | UPGRADE],
  ['expect', EXPECT],
  ['keep-alive', HOP],
  ['proxy-connection', HOP],
  ['proxy-authorization', HOP],
  ['proxy-authenticate', HOP],
  ['forwarded', IDENTITY],
  ['x-forwarded-for', IDENTITY],
  ['x-forwarded-proto', IDENTITY],
  ['x-forwarded-host', IDENTITY],
  ['x-forwarded-port', IDENTITY],
  ['x-forwarded-prefix', IDENTITY],
  ['x-forwarded-ssl', IDENTITY],
  ['x-real-ip', IDENTITY],
  ['front-end-https', IDENTITY],
  ['proxy', HOP], // httpoxy: CGI would read it as HTTP_PROXY
  ['content-type', 0],
  ['cookie', 0],
  ['date', DATE],
  ['referer', 0],
  ['user-agent', 0],
  ['status', STATUS],
  ['trailer', 0],
  ['http2-settings', HOP],
  ['max-forwards', 0],
] as const

export type FieldName = Exclude<(typeof FIELDS)[number][0], ''>

/** Field id by name. */
export const ID = Object.fromEntries(FIELDS.map(([name], id) => [name, id])) as Readonly<
  Record<FieldName, number>
>
/** Class bits by id. */
export const CLASS = new Uint8Array(256)
/** Lower-case bytes by id. */
export const NAME_BYTES: readonly Uint8Array[] = FIELDS.map(([name]) => Uint8Array.from(Buffer.from(name)))

/** Slot of a name's hash; the parser computes the hash while it validates. */
export const slotOf = (hash: number): number => (hash ^ (hash >>> 3) ^ (hash >>> 5)) & 255
/** Candidate id by slot. Only a candidate: the bytes are compared, so a name made to collide is not taken for another. */
export const CANDIDATE = new Uint8Array(256)

/**
 * Hashes of the names that must not come as trailers (RFC 9110 section 6.5.1), beside most of those above: framing, routing,
 * who asks and what for, what the content is. A reader that merges trailers into the head would be led astray.
 */
const NOT_IN_TRAILERS = new Set<number>()
const TOO_LATE =
  'host trailer max-forwards authorization www-authenticate cookie set-cookie location content-type content-encoding ' +
  'content-range cache-control pragma age expires vary range if-match if-none-match if-modified-since ' +
  'if-unmodified-since if-range retry-after'

/** Goes on with a name's hash. @param byte lower-case, '_' as '-' */
export const hashOn = (hash: number, byte: number): number => (Math.imul(hash, 33) ^ byte) | 0

/** Whether a trailer field of this hash is refused. */
export const isBarredTrailer = (hash: number): boolean => NOT_IN_TRAILERS.has(hash)

const hashOf = (name: string): number => Buffer.from(name).reduce(hashOn, 0)

for (const name of TOO_LATE.split(' ')) NOT_IN_TRAILERS.add(hashOf(name))
for (const [id, [name, classes]] of FIELDS.entries()) {
  CLASS[id] = classes
  if (id === 0) continue
  const hash = hashOf(name)
  if ((classes & ~(DATE | STATUS)) !== 0) NOT_IN_TRAILERS.add(hash)
  if (CANDIDATE[slotOf(hash)] !== 0)
    throw new Error(`field names ${name} and ${FIELDS[CANDIDATE[slotOf(hash)]!]![0]} share a slot`)
  CANDIDATE[slotOf(hash)] = id
}
CLASS[SHADOW] = HOP
CLASS[NAMED] = HOP
