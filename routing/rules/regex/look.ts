// routing/rules/regex/look.ts: look-aheads that can be had without looking ahead.
//
// No linear engine looks ahead. But `^/(?!api/)` asks about a known place of the subject, so a second pattern can answer it
// beforehand; and at the end of a pattern, what was only looked at can be matched, and cut off afterwards.
import { ANY, ByteSet } from './byte-set.ts'
import { contains, firstBytes, fixedLength, isNullable, type Node, setsOf } from './node.ts'

/** What else must match, or must not, for the pattern to match. */
export interface Condition {
  readonly root: Node
  readonly isWanted: boolean
}

const START: Node = { kind: 'assert', what: 'start', at: 0 }
const END: Node = { kind: 'assert', what: 'end', at: 0 }

/** Takes out the look-aheads at a known distance from the start. */
export function takeConditions(root: Node): { root: Node; conditions: Condition[] } {
  const conditions: Condition[] = []
  const items = root.kind === 'sequence' ? root.items : [root]
  const first = items[0]
  if (first === undefined || first.kind !== 'assert' || first.what !== 'start') return { root, conditions }
  const [rest] = walk(root, 0)
  return { root: rest, conditions }

  /** @returns the node without them, and the distance behind it; -1 when that is not known */
  function walk(node: Node, distance: number): [Node, number] {
    if (distance < 0) return [node, -1]
    if (node.kind === 'group') {
      const [body, after] = walk(node.body, distance)
      return [{ ...node, body }, after]
    }
    if (node.kind === 'sequence') {
      const kept: Node[] = []
      let at = distance
      for (const [i, item] of node.items.entries()) {
        const bare = at >= 0 && i === node.items.length - 2 ? withoutTemper(item, node.items[i + 1]!) : null
        if (bare !== null) {
          conditions.push({
            root: placed({ kind: 'sequence', items: [bare.run, bare.look.body] }, at),
            isWanted: false,
          })
          kept.push(bare.node)
          at = -1
          continue
        }
        if (at >= 0 && item.kind === 'look' && canStandAlone(item)) {
          conditions.push({ root: placed(item.body, at), isWanted: !item.negative })
          continue
        }
        const [one, after] = walk(item, at)
        kept.push(one)
        at = after
      }
      return [{ kind: 'sequence', items: kept }, at]
    }
    const length = fixedLength(node)
    return [node, length < 0 ? -1 : distance + length]
  }
}

type Look = Node & { kind: 'look' }

/** `(?:(?!x).)*$` runs to the end, so `x` must begin nowhere in it: the run without the look-ahead, if it is of that kind. */
function withoutTemper(node: Node, next: Node): { node: Node; run: Node; look: Look } | null {
  if (node.kind !== 'repeat' || node.max !== Number.POSITIVE_INFINITY || node.mode === 'possessive')
    return null
  if (next.kind !== 'assert' || (next.what !== 'end' && next.what !== 'final-end')) return null
  const inner = node.body.kind === 'group' ? node.body.body : node.body
  if (inner.kind !== 'sequence' || inner.items.length !== 2) return null
  const [look, eaten] = inner.items as [Node, Node]
  if (look.kind !== 'look' || !look.negative || !canStandAlone(look) || setsOf(eaten)?.length !== 1)
    return null
  // Where the run ends nothing is asked; there could only be nothing, or the final newline.
  if (isNullable(look.body) || firstBytes(look.body).has(10)) return null
  const body = node.body.kind === 'group' ? { ...node.body, body: eaten } : eaten
  const run: Node = { kind: 'repeat', min: 0, max: node.max, mode: 'greedy', body: eaten, at: node.at }
  return { node: { ...node, body }, run, look }
}

function canStandAlone(node: Node & { kind: 'look' }): boolean {
  if (!node.ahead || contains(node.body, one => one.kind === 'reference')) return false
  // The text of a group in it may be asked for.
  return node.negative || !contains(node.body, one => one.kind === 'group')
}

function placed(body: Node, distance: number): Node {
  const skip: Node = {
    kind: 'repeat',
    min: distance,
    max: distance,
    mode: 'greedy',
    body: { kind: 'set', set: ANY },
    at: 0,
  }
  return { kind: 'sequence', items: distance === 0 ? [START, body] : [START, skip, body] }
}

/** A look-ahead that ends the pattern, to be matched and cut off. */
export interface Tail {
  kind: 'tail'
  body: Node
}

/** The same pattern with its last look-ahead, if there is one, as something to match; of each branch its own. */
export function withTails(node: Node): Node | Tail {
  switch (node.kind) {
    case 'look': {
      if (
        !node.ahead ||
        contains(node.body, ({ kind }) => kind === 'group' || kind === 'look' || kind === 'reference')
      )
        return node
      const body = node.negative ? opposite(node.body) : node.body
      return body === null ? node : { kind: 'tail', body }
    }
    case 'sequence': {
      const last = node.items.at(-1)
      if (last === undefined) return node
      return { kind: 'sequence', items: [...node.items.slice(0, -1), withTails(last) as Node] }
    }
    case 'either':
      return { kind: 'either', branches: node.branches.map(branch => withTails(branch) as Node) }
    default:
      return node
  }
}

/** What matches exactly where `body` does not, for few branches of fixed bytes, or of one byte or `$`; else null. */
function opposite(body: Node): Node | null {
  const branches = body.kind === 'either' ? body.branches : [body]
  const sequences = branches.map(setsOf)
  if (sequences.every(one => one !== null && one.length > 0))
    return otherwise(sequences as ByteSet[][], MOST_BRANCHES)
  const taken = new ByteSet()
  let atEnd = true
  let isFinal = false
  for (const branch of branches) {
    const set = setsOf(branch)
    if (set?.length === 1) taken.addAll(set[0]!)
    else if (branch.kind === 'assert' && (branch.what === 'end' || branch.what === 'final-end')) {
      atEnd = false
      isFinal ||= branch.what === 'final-end'
    } else return null
  }
  const left: Node[] = atEnd ? [END] : []
  if (isFinal && !taken.has(10)) {
    // A newline is fine unless it is the final one.
    left.push({
      kind: 'sequence',
      items: [
        { kind: 'byte', byte: 10 },
        { kind: 'set', set: ANY },
      ],
    })
    taken.add(10)
  }
  left.push({ kind: 'set', set: taken.inverse() })
  return { kind: 'either', branches: left }
}

const MOST_BRANCHES = 40

/** What begins with none of the sequences: at the first byte that tells, it ends. */
function otherwise(sequences: readonly (readonly ByteSet[])[], room: number): Node | null {
  const branches: Node[] = [END]
  const done = new ByteSet()
  for (let byte = 0; byte < 256; byte++) {
    const going = sequences.filter(sequence => sequence[0]!.has(byte))
    if (going.length === 0 || done.has(byte)) continue
    const alike = new ByteSet()
    for (let other = byte; other < 256; other++)
      if (sequences.every(sequence => sequence[0]!.has(other) === sequence[0]!.has(byte))) alike.add(other)
    done.addAll(alike)
    const rests = going.map(sequence => sequence.slice(1))
    if (rests.some(rest => rest.length === 0)) continue
    const rest = room < 1 ? null : otherwise(rests, Math.floor((room - 1) / going.length))
    if (rest === null) return null
    branches.push({ kind: 'sequence', items: [{ kind: 'set', set: alike }, rest] })
  }
  branches.push({ kind: 'set', set: done.inverse() })
  return { kind: 'either', branches }
}
