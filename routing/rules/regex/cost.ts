// routing/rules/regex/cost.ts: up to which length V8's fast engine gets a subject.
//
// It counts backtracks, and gives up after 5,000 for the linear engine. But it does not count the steps of a plain loop
// such as `[a-z]*`: where such a loop can begin at many places, and fail behind them all, its time grows with the square.
import { firstBytes, isNullable, type Node } from './node.ts'
import { AT_END, before, type Follow, isOneWay, union } from './relax.ts'

/** Longest subject that is matched at all, in bytes. */
export const LONGEST_SUBJECT = 8_192
/** Weight times bytes: some 50 ms of the linear engine, and seldom 5. */
const MOST_WORK = LONGEST_SUBJECT * 180

/** Finite counts up to this are no loops. */
const SHORT = 16
/**
 * Up to this length the fast engine gets nearly everything: what it does not count of its steps is bounded by the square,
 * some 40 µs. Above, patterns that are not cheap go to the linear engine, at 30 ns for each byte and step.
 */
const SHORT_SUBJECT = 256
/** The fast engine's code is made when it is first needed, in time by the square of these: some 15 ms. */
const MOST_CHOICES = 250

/** Longest subject in bytes for which the time is bounded. @param weight see Translation; of conditions, too */
export function longestOf(weight: number): number {
  return Math.min(LONGEST_SUBJECT, Math.floor(MOST_WORK / Math.max(1, weight)))
}

/** @param choices see Translation */
export function fastBytesOf(root: Node, choices: number): number {
  if (choices > MOST_CHOICES) return 0
  return isCheap(root) ? LONGEST_SUBJECT : SHORT_SUBJECT
}

interface Loop {
  /** Giving back what it ate is never followed by much. */
  readonly isOneWay: boolean
}

// Whether time is proportional to the subject's length, with what the engine counts itself left aside.
function isCheap(root: Node): boolean {
  const loops: Loop[] = []
  if (!collect(root, AT_END, loops)) return false
  if (loops.length === 0) return true
  const first = root.kind === 'sequence' ? root.items[0] : root
  const isAnchored = first?.kind === 'assert' && first.what === 'start'
  return isAnchored && loops.slice(0, -1).every(loop => loop.isOneWay)
}

/** Loops of a node in order, without those behind which nothing can fail. @returns false for loops in loops */
function collect(node: Node, follow: Follow, loops: Loop[]): boolean {
  switch (node.kind) {
    case 'sequence': {
      if (!node.items.some(mayLoop)) return true
      const follows = new Array<Follow>(node.items.length)
      let after = follow
      for (let i = follows.length - 1; i >= 0; i--) {
        follows[i] = after
        after = before(node.items[i]!, after)
      }
      return node.items.every((item, i) => collect(item, follows[i]!, loops))
    }
    case 'either':
      return node.branches.every(branch => collect(branch, follow, loops))
    case 'group':
      return collect(node.body, follow, loops)
    case 'repeat': {
      if (node.max <= SHORT) {
        const had = loops.length
        const again = { first: union(firstBytes(node.body), follow.first), isOdd: follow.isOdd || isNullable(node.body), canEnd: follow.canEnd, isSure: false } // biome-ignore format: one value
        return (
          collect(node.body, node.max > 1 ? again : follow, loops) && (loops.length === had || node.max <= 1)
        )
      }
      if (node.body.kind !== 'set' && node.body.kind !== 'byte') return false
      if (node.mode === 'greedy' && node.min === 0 && follow.isSure) return true
      if (node.mode === 'greedy' && follow.isSure && node.min <= 1) return true
      loops.push({ isOneWay: isOneWay(node, follow) })
      return true
    }
    case 'atomic':
    case 'reference':
      return false
    default:
      return true
  }
}

function mayLoop({ kind }: Node): boolean {
  return kind !== 'byte' && kind !== 'set' && kind !== 'assert'
}
