// routing/rules/regex/literals.ts: text that every match of a pattern contains, for the index that finds candidates.
import { contains, type Node, setsOf } from './node.ts'

/** Sound, not complete: what is not known is left out. */
export interface Literals {
  /** The only text that matches, if that is so. A pattern that ends in `$` also matches it with a newline behind. */
  readonly exact: string | null
  /** Every match begins at 0, and with one of these: ASCII letters in lower case whatever the pattern says. Else empty. */
  readonly prefixes: readonly string[]
  /** Every match contains one of these, in lower case likewise; empty when nothing is known. */
  readonly required: readonly string[]
}

export const NO_LITERALS: Literals = { exact: null, prefixes: [], required: [] }

const MOST_TEXTS = 24
const MOST_LENGTH = 128

export function literalsOf(root: Node): Literals {
  const exact = exactText(root)
  const isAnchored = startsAtStart(root)
  const prefixes = isAnchored ? startsOf(root).texts : []
  const required = factsOf(root).best ?? []
  return {
    exact,
    prefixes: prefixes.includes('') ? [] : [...new Set(prefixes)],
    required: [...new Set(required)],
  }
}

/** `^text$`, case counting. */
function exactText(root: Node): string | null {
  if (root.kind !== 'sequence') return null
  const [first, ...middle] = root.items
  const last = middle.pop()
  if (first?.kind !== 'assert' || first.what !== 'start' || last?.kind !== 'assert') return null
  if (last.what !== 'end' && last.what !== 'final-end') return null
  const sets = setsOf({ kind: 'sequence', items: middle })
  if (sets === null || contains(root, node => node.kind === 'group') || sets.some(set => set.size !== 1))
    return null
  return String.fromCharCode(...sets.map(set => set.first))
}

function startsAtStart(node: Node): boolean {
  switch (node.kind) {
    case 'assert':
      return node.what === 'start'
    case 'sequence':
      // What eats nothing may stand before it.
      for (const item of node.items) {
        if (startsAtStart(item)) return true
        if (item.kind !== 'look' && item.kind !== 'assert') return false
      }
      return false
    case 'either':
      return node.branches.every(startsAtStart)
    case 'group':
    case 'atomic':
      return startsAtStart(node.body)
    case 'repeat':
      return node.min > 0 && startsAtStart(node.body)
    default:
      return false
  }
}

/** What a match of the node begins with; `isWhole` when it is nothing but one of these. */
interface Starts {
  texts: string[]
  isWhole: boolean
}

const UNKNOWN: Starts = { texts: [''], isWhole: false }

function startsOf(node: Node): Starts {
  switch (node.kind) {
    case 'byte':
    case 'set': {
      const texts = textsOf(node)
      return texts === null ? UNKNOWN : { texts, isWhole: true }
    }
    case 'sequence': {
      let all: Starts = { texts: [''], isWhole: true }
      for (const item of node.items) {
        const next = startsOf(item)
        const texts = product(all.texts, next.texts)
        if (texts === null) return { ...all, isWhole: false }
        all = { texts, isWhole: next.isWhole }
        if (!all.isWhole) break
      }
      return all
    }
    case 'either': {
      const parts = node.branches.map(startsOf)
      const texts = parts.flatMap(part => part.texts)
      return texts.length > MOST_TEXTS ? UNKNOWN : { texts, isWhole: parts.every(part => part.isWhole) }
    }
    case 'group':
    case 'atomic':
      return startsOf(node.body)
    case 'repeat': {
      if (node.min === 0) return UNKNOWN
      const { texts, isWhole } = startsOf(node.body)
      return { texts, isWhole: isWhole && node.min === 1 && node.max === 1 }
    }
    case 'reference':
      return UNKNOWN
    case 'look':
    case 'assert':
      return { texts: [''], isWhole: true }
  }
}

/** `exact`: all texts it matches, if they are few. `best`: texts of which each match contains one. */
interface Facts {
  exact: string[] | null
  best: string[] | null
}

const NOTHING: Facts = { exact: null, best: null }

function factsOf(node: Node): Facts {
  switch (node.kind) {
    case 'byte':
    case 'set': {
      const exact = textsOf(node)
      return { exact, best: exact }
    }
    case 'sequence': {
      let run: string[] | null = ['']
      let isExact = true
      let best: string[] | null = null
      for (const item of node.items) {
        const facts = factsOf(item)
        const longer: string[] | null = facts.exact === null ? null : product(run, facts.exact)
        if (longer !== null) {
          run = longer
          continue
        }
        isExact = false
        // What the item begins with may still be joined: `abd+` has `abd`.
        const joined = product(run, startsOf(item).texts) ?? run
        best = better(better(best, usable(joined)), facts.best)
        run = facts.exact !== null && facts.exact.length <= MOST_TEXTS ? facts.exact : ['']
      }
      best = better(best, usable(run))
      return { exact: isExact ? run : null, best }
    }
    case 'either': {
      const parts = node.branches.map(factsOf)
      const exact = parts.every(part => part.exact !== null) ? parts.flatMap(part => part.exact!) : null
      const best = parts.every(part => part.best !== null) ? parts.flatMap(part => part.best!) : null
      return {
        exact: exact !== null && exact.length <= MOST_TEXTS ? exact : null,
        best: best !== null && best.length <= MOST_TEXTS ? best : null,
      }
    }
    case 'group':
    case 'atomic':
      return factsOf(node.body)
    case 'repeat': {
      const { exact, best } = factsOf(node.body)
      if (node.min === 0)
        return node.max === 1 && exact !== null ? { exact: [...exact, ''], best: null } : NOTHING
      if (node.min === 1 && node.max === 1) return { exact, best }
      if (exact !== null && node.min === node.max && node.max <= 16) {
        let all: string[] | null = ['']
        for (let i = 0; i < node.min && all !== null; i++) all = product(all, exact)
        if (all !== null) return { exact: all, best: usable(all) }
      }
      return { exact: null, best }
    }
    case 'reference':
      return NOTHING
    case 'look':
    case 'assert':
      return { exact: [''], best: null }
  }
}

/** The texts of one byte, in lower case; null when they are many. */
function textsOf(node: Node & { kind: 'byte' | 'set' }): string[] | null {
  if (node.kind === 'byte') return FOLDED[node.byte]!
  if (node.set.size > 6) return null
  const ranges = node.set.ranges()
  const texts = new Set<string>()
  for (let i = 0; i < ranges.length; i += 2)
    for (let byte = ranges[i]!; byte <= ranges[i + 1]!; byte++) texts.add(folded(byte))
  return texts.size === 0 ? null : [...texts]
}

const FOLDED: readonly string[][] = Array.from({ length: 256 }, (_, byte) => [folded(byte)])

function folded(byte: number): string {
  return String.fromCharCode(byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)
}

function product(heads: readonly string[], tails: readonly string[]): string[] | null {
  if (heads.length === 1 && tails.length === 1) {
    const text = heads[0]! + tails[0]!
    return text.length > MOST_LENGTH ? null : [text]
  }
  if (heads.length * tails.length > MOST_TEXTS) return null
  if (heads[0]!.length + tails[0]!.length > MOST_LENGTH) return null
  // One byte behind another, as most are.
  if (heads.length === 1 && tails.length === 1) return [heads[0]! + tails[0]!]
  return heads.flatMap(head => tails.map(tail => head + tail))
}

/** An empty text is in everything, so it says nothing. */
function usable(texts: string[] | null): string[] | null {
  return texts === null || texts.length === 0 || texts.includes('') ? null : texts
}

/** The one whose shortest text is longer; of equals that with fewer. */
function better(a: string[] | null, b: string[] | null): string[] | null {
  if (a === null || b === null) return a ?? b
  const [lengthA, lengthB] = [shortest(a), shortest(b)]
  return lengthB > lengthA || (lengthB === lengthA && b.length < a.length) ? b : a
}

/** Length of the shortest of some texts; 0 of none. */
export function shortest(texts: readonly string[]): number {
  if (texts.length === 0) return 0
  let least = texts[0]!.length
  for (let i = 1; i < texts.length; i++) least = Math.min(least, texts[i]!.length)
  return least
}
