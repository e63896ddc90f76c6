// routing/rules/chain-index.ts: what makes a chain of many rules as cheap as one of few: which of them a subject's value could
// match at all. Made once by the master; gateways walk by it (walk.ts).
import type { RulePicture, SubjectPicture, TestPicture } from '../../base/rules-picture.ts'
import { LiteralIndex, type LiteralIndexPicture } from './regex/literal-index.ts'
import type { Literals } from './regex/literals.ts'
import { constantOf, type Template } from './template.ts'

/** Plain data: ChainPicture.index. Numbers of rules rise. */
export interface ChainIndex {
  /** Rules that are tried whatever the request has. */
  readonly always: Int32Array
  readonly subjects: readonly SubjectIndex[]
}

/** What rules are found by: what patterns are held against, or a variable that is compared with texts (equal:). */
export type IndexedSubject = SubjectPicture | { readonly kind: 'variable'; readonly name: string }

export interface SubjectIndex {
  readonly subject: IndexedSubject
  /** All rules that are found by it. */
  readonly rules: Int32Array
  /** Those that match one text only; a newline may follow it. */
  readonly exact: ReadonlyMap<string, readonly number[]>
  /** The others, found by a text that they need. */
  readonly literals: LiteralIndexPicture | null
}

/** Fewer are just tried. */
const FEWEST = 8

/** Told of the rules of a chain, in their order. */
export class Indexer {
  readonly #bySubject = new Map<string, Found[]>()
  #count = 0

  /** @param subject null: the rule matches no pattern, and compares nothing */
  add(subject: IndexedSubject | null, literals: Literals | null): void {
    const number = this.#count++
    if (subject === null || literals === null) return
    if (!tells(literals, subject)) return
    const name = 'name' in subject ? `${subject.kind} ${subject.name}` : subject.kind
    const found = this.#bySubject.get(name)
    if (found === undefined) this.#bySubject.set(name, [{ number, subject, literals }])
    else found.push({ number, subject, literals })
  }

  /** @returns null: all are tried, one by one */
  finish(): ChainIndex | null {
    const indexed = [...this.#bySubject.values()].filter(found => found.length >= FEWEST)
    if (this.#count < FEWEST || indexed.length === 0) return null
    const isIndexed = new Uint8Array(this.#count)
    for (const found of indexed) for (const { number } of found) isIndexed[number] = 1
    return {
      always: Int32Array.from(isIndexed.keys()).filter(number => isIndexed[number] === 0),
      subjects: indexed.map(found => indexSubject(found, this.#count)),
    }
  }
}

/** Of all rules of a chain at once. */
export function indexOf(rules: readonly RulePicture[]): ChainIndex | null {
  const indexer = new Indexer()
  for (const { test } of rules) {
    if (test.kind === 'match') indexer.add(test.subject, (test.pattern as { literals: Literals }).literals)
    else addOther(indexer, test)
  }
  return indexer.finish()
}

/** A test without a pattern: `equal:${VARIABLE};text` is found by its text. */
export function addOther(indexer: Indexer, test: TestPicture): void {
  if (test.kind !== 'condition' || test.isNegated || test.name !== 'equal') return indexer.add(null, null)
  const { left, right } = test.data as { readonly left: Template; readonly right: Template }
  const [part] = left
  const text = constantOf(right)
  const isVariable = left.length === 1 && typeof part === 'object' && 'variable' in part
  if (!isVariable || text === null) return indexer.add(null, null)
  indexer.add({ kind: 'variable', name: part.variable }, { exact: text, prefixes: [], required: [] })
}

/** Whether a subject's value can be told from others by it: a slash is in every path. */
function tells({ exact, prefixes, required }: Literals, { kind }: IndexedSubject): boolean {
  if (exact !== null) return true
  const isTelling = (texts: readonly string[]): boolean =>
    texts.length > 0 && !((kind === 'path' || kind === 'uri') && texts.includes('/'))
  return isTelling(prefixes) || isTelling(required)
}

interface Found {
  readonly number: number
  readonly subject: IndexedSubject
  readonly literals: Literals
}

function indexSubject(found: readonly Found[], length: number): SubjectIndex {
  const exact = new Map<string, number[]>()
  const searched = new Array<Literals | null>(length).fill(null)
  let count = 0
  for (const { number, literals } of found) {
    if (literals.exact === null) {
      searched[number] = literals
      count++
    } else {
      const same = exact.get(literals.exact)
      if (same === undefined) exact.set(literals.exact, [number])
      else same.push(number)
    }
  }
  return {
    subject: found[0]!.subject,
    rules: Int32Array.from(found, ({ number }) => number),
    exact,
    literals: count === 0 ? null : new LiteralIndex(searched).picture,
  }
}
