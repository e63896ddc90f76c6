// gateway/rules/field-facts.ts: what is to be known of a field that route rules write: its spelling, and whose it is.
import { TOKEN } from '../http1/characters.ts'
import { CLASS, CONNECTION, EXPECT, FRAMING, HOP, hashOn, ID, IDENTITY } from '../http1/field-names.ts'

export interface FieldFacts {
  /** In lower case. */
  readonly name: string
  /** "X-User" */
  readonly title: string
  /** As a head's table has it. */
  readonly hash: number
  /** No rule writes it: it frames a message, concerns a connection, or is ours to say. */
  readonly isBarred: boolean
  /** Says who the client is: from a client that is not believed it is dropped. */
  readonly isIdentity: boolean
}

/** Of different names; they come from rules, not from clients. Beyond, the same field may be two objects for a moment. */
const MOST_KNOWN = 10_000

// Ours to say, or to withhold.
const OURS: ReadonlySet<string> = new Set(['trailer', 'x-forwarded-for', 'x-forwarded-proto'])

const byName = new Map<string, FieldFacts>()
const byVariable = new Map<string, FieldFacts | null>()

/** The same object for the same field. @param name in lower case; '_' counts as '-', as CGI knows no difference */
export function factsOf(name: string): FieldFacts {
  const folded = name.includes('_') ? name.replaceAll('_', '-') : name
  const known = byName.get(folded)
  if (known !== undefined) return known
  const id = Object.hasOwn(ID, folded) ? ID[folded as keyof typeof ID] : 0
  let hash = 0
  for (const byte of Buffer.from(folded, 'latin1')) hash = hashOn(hash, byte)
  const facts = {
    name: folded,
    title: folded.replace(/(?<![a-z0-9])[a-z]/g, letter => letter.toUpperCase()),
    hash,
    isBarred:
      !isToken(folded) || OURS.has(folded) || (CLASS[id]! & (HOP | EXPECT | FRAMING | CONNECTION)) !== 0,
    isIdentity: (CLASS[id]! & IDENTITY) !== 0,
  }
  if (byName.size < MOST_KNOWN) byName.set(folded, facts)
  return facts
}

/** The field that a CGI variable stands for; null: it stands for none. */
export function factsOfVariable(variable: string): FieldFacts | null {
  const known = byVariable.get(variable)
  if (known !== undefined) return known
  const name =
    variable === 'CONTENT_TYPE'
      ? 'content-type'
      : variable.startsWith('HTTP_')
        ? variable.slice(5).toLowerCase()
        : ''
  const facts = name === '' ? null : factsOf(name)
  if (byVariable.size < MOST_KNOWN) byVariable.set(variable, facts)
  return facts
}

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!TOKEN[text.charCodeAt(i)]) return false
  return text !== ''
}
