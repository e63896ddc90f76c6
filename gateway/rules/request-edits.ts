// gateway/rules/request-edits.ts: a request's head with what route rules wrote in it. It is made once, as text, and read
// again as strictly as the client's own: all that follows, retries too, works from it. What is between us and the client
// alone, where the body ends, and what we say ourselves no rule can write.
import { latin1 } from '../../base/latin1.ts'
import type { Run } from '../../routing/rules/run.ts'
import { TOKEN, VALUE } from '../http1/characters.ts'
import { CLASS, CONNECTION, EXPECT, FRAMING, HOP, ID, IDENTITY, NAMED } from '../http1/field-names.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { encodedPath } from './canonical-path.ts'
import type { HeadSource } from './request-source.ts'

/** What rules made of a field; null: it is gone. */
type Edit = { readonly name: string; readonly value: string } | null
/** By name in lower case. */
type Edits = Map<string, Edit>

/** What a rule wrote makes no valid request. */
export const INVALID = ''

/** Whether nodes shall see anything else than the client sent. */
export function isEdited(run: Run, source: HeadSource): boolean {
  return run.variables !== null || run.fields !== null || run.upstream?.host != null || source.isPathChanged
}

/**
 * The head for nodes, one character a byte: its start line as http nodes get it, its fields as all do.
 *
 * @param head of `bytes`, as the client sent it
 * @param isTrusted the client is believed in what it says of itself
 * @returns {@link INVALID} when some text cannot stand where it should
 */
export function editedHead(
  run: Run,
  source: HeadSource,
  head: RequestHead,
  bytes: Buffer,
  isTrusted: boolean,
): string {
  const edits = editsOf(run)
  const target = targetOf(run, source) ?? originTarget(head, bytes)
  const method = run.read('REQUEST_METHOD') ?? ''
  if (!isTarget(target) || !isToken(method)) return INVALID
  let out = `${method} ${target} HTTP/1.${head.minor}\r\n`
  const written = new Set<string>()
  for (let i = 0; i < head.count; i++) {
    const name = head.nameOf(bytes, i).replaceAll('_', '-')
    if (head.namesFields && isOfConnection(head.ids[i]!)) continue
    const edit = edits.get(name)
    if (edit === undefined) {
      out += latin1(bytes, head.at[i * 4]!, i + 1 < head.count ? head.at[i * 4 + 4]! : head.fieldsEnd)
      continue
    }
    if (edit === null || written.has(name) || isApart(name, isTrusted)) continue
    if (!isValue(edit.value)) return INVALID
    written.add(name)
    out += `${edit.name}: ${edit.value}\r\n`
  }
  if (head.host < 0 && head.isAbsolute && !edits.has('host')) out += `Host: ${head.hostOf(bytes)}\r\n`
  for (const [name, edit] of edits) {
    if (edit === null || written.has(name) || isApart(name, isTrusted)) continue
    if (!isValue(edit.value)) return INVALID
    out += `${edit.name}: ${edit.value}\r\n`
  }
  return `${out + (head.namesFields ? connectionLine(head) : '')}\r\n`
}

/**
 * Whole lines for http nodes that would be taken for the client's own claims in the head, and so be dropped: "X-Real-IP" of
 * a client that is not believed.
 *
 * @returns null when some text cannot stand there
 */
export function linesApart(run: Run, isTrusted: boolean): string | null {
  if (isTrusted || (run.variables === null && run.fields === null)) return ''
  let out = ''
  for (const [name, edit] of editsOf(run)) {
    if (edit === null || !isApart(name, isTrusted)) continue
    if (!isValue(edit.value)) return null
    out += `${edit.name}: ${edit.value}\r\n`
  }
  return out
}

/** What uwsgi nodes get in place of what the edited head says, or beside it. @param raw the target as the client sent it */
export function packetEdits(run: Run, raw: string): ReadonlyMap<string, string> {
  const written = new Map<string, string>()
  written.set('REQUEST_URI', raw)
  written.set('PATH_INFO', run.read('PATH_INFO') ?? '/')
  written.set('QUERY_STRING', run.read('QUERY_STRING') ?? '')
  if (run.variables !== null) {
    for (const [name, value] of run.variables) if (isWritable(name)) written.set(name, value)
  }
  return written
}

// A client that names fields in Connection has its own dropped by that, not those that rules write.
const isOfConnection = (id: number): boolean => id === ID.connection || id === NAMED

function connectionLine(head: RequestHead): string {
  const words = [head.saysClose && 'close', head.saysKeepAlive && 'keep-alive', head.saysUpgrade && 'upgrade']
  const said = words.filter(word => word !== false).join(', ')
  return said === '' ? '' : `Connection: ${said}\r\n`
}

function editsOf(run: Run): Edits {
  const edits: Edits = new Map()
  if (run.variables !== null) {
    for (const [variable, value] of run.variables) {
      const name = fieldOf(variable)
      if (name !== '' && !isBarred(name)) edits.set(name, { name: titleCase(name), value })
    }
  }
  if (run.fields !== null) {
    for (const [name, edit] of run.fields) if (!isBarred(name)) edits.set(name.replaceAll('_', '-'), edit)
  }
  const host = run.upstream?.host ?? ''
  if (host !== '') edits.set('host', { name: 'Host', value: host })
  return edits
}

// The name of the field that a variable stands for; '': it stands for none.
function fieldOf(variable: string): string {
  if (variable === 'CONTENT_TYPE') return 'content-type'
  return variable.startsWith('HTTP_') ? variable.slice(5).toLowerCase().replaceAll('_', '-') : ''
}

const titleCase = (name: string): string =>
  name.replace(/(?<![a-z0-9])[a-z]/g, letter => letter.toUpperCase())

// Ours to say, or to withhold.
const OURS: ReadonlySet<string> = new Set(['trailer', 'x-forwarded-for', 'x-forwarded-proto'])

function isBarred(name: string): boolean {
  const id = Object.hasOwn(ID, name) ? ID[name as keyof typeof ID] : 0
  return !isToken(name) || OURS.has(name) || (CLASS[id]! & (HOP | EXPECT | FRAMING | CONNECTION)) !== 0
}

function isApart(name: string, isTrusted: boolean): boolean {
  return !isTrusted && Object.hasOwn(ID, name) && (CLASS[ID[name as keyof typeof ID]]! & IDENTITY) !== 0
}

function isWritable(variable: string): boolean {
  if (variable === 'CONTENT_LENGTH') return false
  const name = fieldOf(variable)
  return name === '' || name.startsWith('x-forwarded-') || !isBarred(name)
}

// A slash that was kept escaped stays so, where rules left the path alone.
function targetOf(run: Run, source: HeadSource): string | null {
  const target = run.target()
  if (target === null || !source.isPathChanged || run.variables?.has('PATH_INFO')) return target
  const plain = encodedPath(source.read('PATH_INFO')!)
  return target.startsWith(plain) ? source.targetPath + target.slice(plain.length) : target
}

// An absolute form becomes the origin form; the authority is the Host field's.
function originTarget(head: RequestHead, bytes: Buffer): string {
  if (!head.isAbsolute) return latin1(bytes, head.targetStart, head.targetEnd)
  const isEmpty = head.pathStart === head.pathEnd
  if (isEmpty && head.targetEnd === head.pathEnd && latin1(bytes, head.start, head.methodEnd) === 'OPTIONS')
    return '*'
  return `${isEmpty ? '/' : ''}${latin1(bytes, head.pathStart, head.targetEnd)}`
}

// Where one text ends and the next begins must be plain before the whole is parsed.
const isTarget = (text: string): boolean => /^[!-~]+$/.test(text)

function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!TOKEN[text.charCodeAt(i)]) return false
  return text !== ''
}

function isValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (VALUE[text.charCodeAt(i)] !== 1) return false
  return true
}
