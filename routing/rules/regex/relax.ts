// routing/rules/regex/relax.ts: possessive and atomic parts become plain ones where that changes no match.
//
// `[^/]*+/` is `[^/]*/`: giving back bytes could only help if `/` could match one of them. Whatever is left is
// what no linear engine runs. Along the way each node learns what can follow it, from the end of the pattern to its start.
import { ANY, ByteSet } from './byte-set.ts'
import { contains, EMPTY, firstBytes, isNullable, type Node, setsOf } from './node.ts'

/** What comes after a node on any way to the end of the match. */
export interface Follow {
  /** Bytes that it can go on with. */
  readonly first: ByteSet
  /** Assertions come before the next byte that care for what was eaten: only \z, \Z and `$` do not. */
  readonly isOdd: boolean
  /** The match can be over without another byte. */
  readonly canEnd: boolean
  /** Whatever comes, the match cannot fail any more. */
  readonly isSure: boolean
}

export const AT_END: Follow = { first: new ByteSet(), isOdd: false, canEnd: true, isSure: true }
/** In a look-around nobody knows what follows. */
const UNKNOWN: Follow = { first: ANY, isOdd: true, canEnd: true, isSure: false }

export function relax(root: Node): Node {
  return relaxed(root, AT_END)
}

function relaxed(node: Node, follow: Follow): Node {
  switch (node.kind) {
    case 'sequence': {
      const items = new Array<Node>(node.items.length)
      let after = follow
      for (let i = items.length - 1; i >= 0; i--) {
        items[i] = relaxed(node.items[i]!, after)
        if (i > 0) after = before(node.items[i]!, after)
      }
      return { kind: 'sequence', items }
    }
    case 'either':
      return { kind: 'either', branches: node.branches.map(branch => relaxed(branch, follow)) }
    case 'group':
      return { ...node, body: relaxed(node.body, follow) }
    case 'look':
      // Where a look-ahead ends nothing is asked any more.
      return { ...node, body: relaxed(node.body, node.ahead ? AT_END : UNKNOWN) }
    case 'atomic': {
      const body = relaxed(node.body, follow.isSure ? follow : UNKNOWN)
      if (follow.isSure || isOneWay(body, follow)) return body
      return { ...node, body }
    }
    case 'repeat': {
      if (node.max === 0 && !contains(node.body, ({ kind }) => kind === 'group')) return EMPTY
      if (node.mode === 'possessive' && (follow.isSure || isOneWay({ ...node, mode: 'greedy' }, follow)))
        return relaxed({ ...node, mode: 'greedy' }, follow)
      const again: Follow = {
        first: union(firstBytes(node.body), follow.first),
        isOdd: follow.isOdd || isNullable(node.body) || contains(node.body, isOddAssertion),
        canEnd: follow.canEnd,
        isSure: false,
      }
      const body = relaxed(node.body, node.mode === 'possessive' ? UNKNOWN : node.max > 1 ? again : follow)
      // What may be empty anyway needs no `?`, and without it captures what PCRE captures.
      if (node.min === 0 && node.max === 1 && node.mode === 'greedy' && canBeEmpty(body)) return body
      if (node.min === 1 && node.max === 1)
        return node.mode === 'possessive' ? { kind: 'atomic', body, at: node.at } : body
      return { ...node, body }
    }
    case 'assert':
      // Behind the last newline of a subject no line starts, which counts only where nothing need follow.
      return node.what === 'line-start' && follow.canEnd ? { ...node, what: 'line-start-inside' } : node
    default:
      return node
  }
}

/** What follows whatever stands before `node`. */
export function before(node: Node, after: Follow): Follow {
  if (node.kind === 'byte' || node.kind === 'set')
    return { first: firstBytes(node), isOdd: false, canEnd: false, isSure: false }
  const isOdd = contains(node, isOddAssertion)
  if (!isNullable(node)) return { first: firstBytes(node), isOdd, canEnd: false, isSure: false }
  return {
    first: union(firstBytes(node), after.first),
    isOdd: isOdd || after.isOdd,
    canEnd: after.canEnd,
    isSure: after.isSure && canBeEmpty(node),
  }
}

function isOddAssertion(node: Node): boolean {
  return (
    node.kind === 'look' ||
    node.kind === 'reference' ||
    (node.kind === 'assert' && node.what !== 'end' && node.what !== 'final-end')
  )
}

/**
 * Whether it makes no difference that a part cannot be entered again once it has matched: a run of a set that what follows
 * cannot go on with, or branches of which at most one fits.
 */
export function isOneWay(node: Node, follow: Follow): boolean {
  if (setsOf(node) !== null) return true
  if (node.kind === 'group') return isOneWay(node.body, follow)
  if (node.kind === 'repeat') {
    if (node.mode !== 'greedy') return false
    const sets = setsOf(node.body)
    return sets !== null && sets.length === 1 && !follow.isOdd && !follow.first.meets(sets[0]!)
  }
  if (node.kind === 'sequence') {
    // Fixed parts, then one that may give back; which has to be the last.
    const last = node.items.at(-1)
    return (
      last === undefined ||
      (node.items.slice(0, -1).every(item => setsOf(item) !== null) && isOneWay(last, follow))
    )
  }
  if (node.kind !== 'either') return false
  const branches = node.branches.map(setsOf)
  return branches.every((one, i) => branches.every((other, j) => i >= j || isNoWayOut(one, other, follow)))
}

/** Whether the second of two branches cannot help where the first has matched. */
function isNoWayOut(one: ByteSet[] | null, other: ByteSet[] | null, follow: Follow): boolean {
  if (one === null || other === null) return false
  const shared = Math.min(one.length, other.length)
  for (let i = 0; i < shared; i++) if (!one[i]!.meets(other[i]!)) return true
  // The shorter one leaves bytes of the first: harmless if nothing goes on with them.
  return other.length < one.length && !follow.isOdd && !follow.first.meets(one[other.length]!)
}

/** Whether it can match nothing wherever it stands. */
export function canBeEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'sequence':
      return node.items.every(canBeEmpty)
    case 'either':
      return node.branches.some(canBeEmpty)
    case 'group':
      return canBeEmpty(node.body)
    case 'repeat':
      return node.mode !== 'possessive' && (node.min === 0 || canBeEmpty(node.body))
    default:
      return false
  }
}

export function union(a: ByteSet, b: ByteSet): ByteSet {
  const set = new ByteSet()
  set.addAll(a)
  set.addAll(b)
  return set
}
