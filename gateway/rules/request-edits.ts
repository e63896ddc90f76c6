// gateway/rules/request-edits.ts: a request's head with what route rules wrote in it. It is made once, as text, and read
// again as strictly as the client's own: all that follows, retries too, works from it. What is between us and the client
// alone, where the body ends, and what we say ourselves no rule can write.
import { latin1 } from '../../base/latin1.ts'
import type { Run } from '../../routing/rules/run.ts'
import { VALUE } from '../http1/characters.ts'
import { ID, NAMED } from '../http1/field-names.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { encodedPath } from './canonical-path.ts'
import { type FieldFacts, factsOf, factsOfVariable, isToken } from './field-facts.ts'
import type { HeadSource } from './request-source.ts'

// What rules made of a field; `value` null: it is gone.
interface Edit {
  readonly facts: FieldFacts
  readonly name: string
  readonly value: string | null
  isWritten: boolean
}

export interface EditedHead {
  /** One character a byte: its start line as http nodes get it, its fields as all do. */
  readonly text: string
  /**
   * Whole lines for http nodes that would be taken for the client's own claims in the head, and so be dropped: "X-Real-IP"
   * of a client that is not believed.
   */
  readonly apart: string
}

/** Whether nodes shall see another head than the client sent. */
export function isEdited(run: Run, source: HeadSource): boolean {
  return run.editsHead || run.upstream?.host != null || source.isPathChanged
}

/**
 * The head for nodes.
 *
 * @param head of `bytes`, as the client sent it
 * @param isTrusted the client is believed in what it says of itself
 * @returns null when some text cannot stand where it should
 */
export function editedHead(
  run: Run,
  source: HeadSource,
  head: RequestHead,
  bytes: Buffer,
  isTrusted: boolean,
): EditedHead | null {
  const edits = editsOf(run)
  const target = targetOf(run, source) ?? originTarget(head, bytes)
  const method = run.read('REQUEST_METHOD') ?? ''
  if (!isTarget(target) || !isToken(method) || !edits.every(isSound)) return null
  let out = `${method} ${target} HTTP/1.${head.minor}\r\n`
  let kept = head.fieldsStart
  for (let i = 0; i < head.count; i++) {
    const edit = editOf(edits, head, bytes, i)
    if (edit === null && !(head.namesFields && isOfConnection(head.ids[i]!))) continue
    out += latin1(bytes, kept, head.at[i * 4]!)
    kept = i + 1 < head.count ? head.at[i * 4 + 4]! : head.fieldsEnd
    if (edit !== null) out += lineOf(edit, isTrusted)
  }
  out += latin1(bytes, kept, head.fieldsEnd)
  if (head.host < 0 && head.isAbsolute && !edits.some(({ facts }) => facts.name === 'host'))
    out += `Host: ${head.hostOf(bytes)}\r\n`
  for (const edit of edits) out += lineOf(edit, isTrusted)
  const text = `${out + (head.namesFields ? connectionLine(head) : '')}\r\n`
  let apart = ''
  for (const edit of edits) apart += lineOf(edit, true)
  return { text, apart }
}

const isSound = ({ value }: Edit): boolean => value === null || isValue(value)

// In place of the first line of its name; what says who the client is stands apart.
function lineOf(edit: Edit, isTrusted: boolean): string {
  if (edit.isWritten || edit.value === null || (edit.facts.isIdentity && !isTrusted)) return ''
  edit.isWritten = true
  return `${edit.name}: ${edit.value}\r\n`
}

function editOf(edits: readonly Edit[], head: RequestHead, bytes: Buffer, i: number): Edit | null {
  const hash = head.hashes[i]!
  for (const edit of edits) {
    if (edit.facts.hash === hash && head.nameOf(bytes, i).replaceAll('_', '-') === edit.facts.name)
      return edit
  }
  return null
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

// One for each name, the newest.
function editsOf(run: Run): readonly Edit[] {
  const edits: Edit[] = []
  if (run.variables !== null) {
    for (const [variable, value] of run.variables) {
      const facts = factsOfVariable(variable)
      if (facts !== null) put(edits, facts, facts.title, value)
    }
  }
  if (run.fields !== null) {
    for (const [name, edit] of run.fields) put(edits, factsOf(name), edit?.name ?? name, edit?.value ?? null)
  }
  const host = run.upstream?.host ?? ''
  if (host !== '') put(edits, factsOf('host'), 'Host', host)
  return edits
}

function put(edits: Edit[], facts: FieldFacts, name: string, value: string | null): void {
  if (facts.isBarred) return
  const edit = { facts, name, value, isWritten: false }
  const known = edits.findIndex(other => other.facts === facts)
  if (known < 0) edits.push(edit)
  else edits[known] = edit
}

// Of what nodes get as a variable alone no more is barred than what frames the message, or leads astray.
function isWritable(variable: string): boolean {
  if (variable === 'CONTENT_LENGTH') return false
  const facts = factsOfVariable(variable)
  return facts === null || !facts.isBarred || facts.name.startsWith('x-forwarded-')
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

function isValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (VALUE[text.charCodeAt(i)] !== 1) return false
  return true
}
