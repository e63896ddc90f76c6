// gateway/rules/answer-edits.ts: what route rules want of an answer, held against what no rule may touch: framing, the
// connection, and where a line ends.
import type { Reply } from '../../routing/rules/reply.ts'
import type { OwnAnswer } from '../answers.ts'
import { TOKEN, VALUE } from '../http1/characters.ts'
import { CLASS, CONNECTION, DATE, FRAMING, HOP, ID, STATUS } from '../http1/field-names.ts'

const OURS = FRAMING | HOP | CONNECTION | STATUS | DATE

/**
 * Lines of rules as they stand in a head; those that are ours to say are left out.
 *
 * @param lines "Name: value"
 * @returns null when one could be read as more than one field: nothing of the answer may be sent then
 */
export function wholeLines(lines: readonly string[]): string | null {
  const kept: string[] = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 1 || !isName(line, colon) || !isValue(line, colon + 1)) return null
    if (FIRST_OF_OURS[line.charCodeAt(0)] === 0 || !isOurs(line.slice(0, colon).toLowerCase()))
      kept.push(line)
  }
  // Joined at once: a text that grew by pieces is put together later, at ten times the cost.
  return kept.length === 0 ? '' : `${kept.join('\r\n')}\r\n`
}

/** Whether rules may take this field of a node's answer away. @param name in lower case */
export function isRemovable(name: string): boolean {
  return !isOurs(name)
}

/** What rules made, to be sent as an answer of ours. @returns null when it would not be one answer */
export function answerOf(reply: Reply): OwnAnswer | null {
  const { status, reason, body } = reply
  const fields = wholeLines(reply.fields)
  if (fields === null || !isValue(reason, 0) || status < 200 || status > 599) return null
  return { status, reason, type: '', body, fields }
}

/** An answer of ours without the fields that rules took away, and with the lines that they added. */
export function editedAnswer(answer: OwnAnswer, removed: ReadonlySet<string>, added: string): OwnAnswer {
  if (removed.size === 0) return added === '' ? answer : { ...answer, fields: answer.fields + added }
  const kept = answer.fields
    .split('\r\n')
    .filter(line => line !== '' && !removed.has(line.slice(0, line.indexOf(':')).toLowerCase()))
  return {
    ...answer,
    type: removed.has('content-type') ? '' : answer.type,
    fields: kept.map(line => `${line}\r\n`).join('') + added,
  }
}

function isOurs(name: string): boolean {
  const id = Object.hasOwn(ID, name) ? ID[name as keyof typeof ID] : 0
  return (CLASS[id]! & OURS) !== 0
}

// What most names begin with tells that they are not.
const FIRST_OF_OURS = new Uint8Array(256)
for (const name of Object.keys(ID)) {
  if (!isOurs(name)) continue
  FIRST_OF_OURS[name.charCodeAt(0)] = FIRST_OF_OURS[name.toUpperCase().charCodeAt(0)] = 1
}

function isName(line: string, end: number): boolean {
  for (let i = 0; i < end; i++) if (!TOKEN[line.charCodeAt(i)]) return false
  return true
}

function isValue(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) if (VALUE[text.charCodeAt(i)] !== 1) return false
  return true
}
