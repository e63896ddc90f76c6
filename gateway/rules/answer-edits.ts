// gateway/rules/answer-edits.ts: what route rules want of an answer, held against what no rule may touch: framing, the
// connection, and where a line ends.
import { nameIn, type Reply } from '../../routing/rules/reply.ts'
import type { OwnAnswer } from '../answers.ts'
import { TOKEN, VALUE } from '../http1/characters.ts'
import { CLASS, CONNECTION, DATE, FRAMING, HOP, ID, STATUS } from '../http1/field-names.ts'

const COLON = 58
const OURS = FRAMING | HOP | CONNECTION | STATUS | DATE

/**
 * Lines of rules as they stand in a head; those that are ours to say are left out.
 *
 * @param lines "Name: value"
 * @returns null when one could be read as more than one field: nothing of the answer may be sent then
 */
export function wholeLines(lines: readonly string[]): string | null {
  if (lines.length === 0) return ''
  // Joined first: looking into a text that was made of parts puts it together, which costs more than the look.
  const text = lines.join('\r\n')
  let hasOurs = false
  let p = 0
  for (let left = lines.length; left > 0; left--) {
    const start = p
    while (TOKEN[text.charCodeAt(p)]) p++
    if (p === start || text.charCodeAt(p) !== COLON) return null
    if (FIRST_OF_OURS[text.charCodeAt(start)] === 1) hasOurs ||= isOurs(text.slice(start, p).toLowerCase())
    do p++
    while (VALUE[text.charCodeAt(p)] === 1)
    if (left === 1) break
    if (text.charCodeAt(p) !== 13 || text.charCodeAt(p + 1) !== 10) return null
    p += 2
  }
  // One that has another in it is read as two: then the last is not reached.
  if (p !== text.length) return null
  return hasOurs ? wholeLines(lines.filter(line => !isOurs(nameIn(line)))) : `${text}\r\n`
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

function isValue(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) if (VALUE[text.charCodeAt(i)] !== 1) return false
  return true
}
