// routing/rules/chain-index.ts: what makes a chain of many rules as cheap as one of few: which of them a subject's value could
// match at all. Made once by the master; gateways walk by it (walk.ts).
import type { RulePicture, SubjectPicture, TestPicture } from '../../base/rules-picture.ts'
import { LiteralIndexBuilder, type LiteralIndexPicture, wholeTree } from './regex/literal-index.ts'
import { LiteralTexts } from './regex/literal-texts.ts'
import type { TreePicture } from './regex/literal-tree.ts'
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
  /** Those that match one text only, found by it whatever its case; a newline may follow it. */
  readonly exact: TreePicture | null
  /** The others, found by a text that they need. */
  readonly literals: LiteralIndexPicture | null
}

/** Fewer are just tried. */
const FEWEST = 8

/** Told of the rules of a chain, in their order. */
export class Indexer {
  readonly #bySubject = new Map<string, Indexed>()
  #count = 0

  /** @param subject null: the rule matches no pattern, and compares nothing */
  add(subject: IndexedSubject | null, literals: Literals | null): void {
    const number = this.#count++
    if (subject === null || literals === null) return
    if (!tells(literals, subject)) return
    const name = 'name' in subject ? `${subject.kind} ${subject.name}` : subject.kind
    let indexed = this.#bySubject.get(name)
    if (indexed === undefined) {
      indexed = new Indexed(subject)
      this.#bySubject.set(name, indexed)
    }
    indexed.add(number, literals)
  }

  /** @returns null: all are tried, one by one */
  finish(): ChainIndex | null {
    const all = [...this.#bySubject.values()].filter(({ rules }) => rules.length >= FEWEST)
    if (this.#count < FEWEST || all.length === 0) return null
    const isIndexed = new Uint8Array(this.#count)
    for (const { rules } of all) for (let i = 0; i < rules.length; i++) isIndexed[rules[i]!] = 1
    const always: number[] = []
    for (let number = 0; number < this.#count; number++) if (isIndexed[number] === 0) always.push(number)
    return { always: Int32Array.from(always), subjects: all.map(indexed => indexed.finish()) }
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

/** Rules of one subject. */
class Indexed {
  readonly rules: number[] = []
  readonly #subject: IndexedSubject
  readonly #exact = new LiteralTexts()
  readonly #literals = new LiteralIndexBuilder()

  constructor(subject: IndexedSubject) {
    this.#subject = subject
  }

  add(number: number, literals: Literals): void {
    this.rules.push(number)
    if (literals.exact === null) this.#literals.add(number, literals)
    else this.#exact.add(literals.exact, literals.exact.length, number)
  }

  finish(): SubjectIndex {
    return {
      subject: this.#subject,
      rules: Int32Array.from(this.rules),
      exact: this.#exact.count === 0 ? null : wholeTree(this.#exact),
      literals: this.#literals.count === 0 ? null : this.#literals.finish(),
    }
  }
}
