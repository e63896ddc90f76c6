// routing/rules/regex/captures.ts: where JavaScript and PCRE keep different texts of groups, though both match.

import { contains, isNullable, type Node } from './node.ts'
import { PatternProblem } from './problem.ts'

/**
 * Groups whose text may be another one than PCRE's; 0 is the whole match. In a repetition PCRE keeps what a group
 * matched in an earlier round, JavaScript forgets it; and rounds that match nothing are counted differently.
 */
export function doubtfulGroups(root: Node, groups: number): number[] {
  const doubtful = new Set<number>()
  visit(root)
  return [...doubtful].sort((a, b) => a - b)

  function visit(node: Node): void {
    switch (node.kind) {
      case 'sequence':
        node.items.forEach(visit)
        return
      case 'either':
        node.branches.forEach(visit)
        return
      case 'repeat': {
        if (isNullable(node.body) && node.max > 0 && !(node.min === 1 && node.max === 1)) {
          for (const group of groupsIn(node.body)) doubtful.add(group)
          if (!isEmptyLast(node.body) || node.mode !== 'greedy')
            for (let i = 0; i <= groups; i++) doubtful.add(i)
        }
        if (node.max > 1) {
          const always = groupsAlways(node.body)
          for (const group of groupsIn(node.body)) if (!always.has(group)) doubtful.add(group)
        }
        visit(node.body)
        return
      }
      case 'group':
      case 'atomic':
      case 'look':
        visit(node.body)
    }
  }
}

/**
 * Holds every back-reference to it that its group has matched by then: where it has not, PCRE fails and JavaScript goes on.
 *
 * @throws PatternProblem
 */
export function requireSetReferences(root: Node, doubtful: readonly number[]): void {
  if (contains(root, ({ kind }) => kind === 'reference')) after(root, new Set())

  function after(node: Node, set: ReadonlySet<number>): ReadonlySet<number> {
    switch (node.kind) {
      case 'sequence':
        return node.items.reduce((known, item) => after(item, known), set)
      case 'either': {
        const [first, ...others] = node.branches.map(branch => after(branch, set))
        return new Set([...first!].filter(group => others.every(other => other.has(group))))
      }
      case 'group':
        return new Set([...after(node.body, set), node.index])
      case 'atomic':
        return after(node.body, set)
      case 'look': {
        const inside = after(node.body, set)
        return node.negative ? set : inside
      }
      case 'repeat': {
        const inside = after(node.body, set)
        return node.min === 0 ? set : inside
      }
      case 'reference':
        if (node.caseless || !set.has(node.group) || doubtful.includes(node.group))
          throw new PatternProblem(
            node.caseless
              ? 'a back-reference under (?i) cannot be translated'
              : `the back-reference to group ${node.group}, which may not have matched by then, cannot be translated`,
            'Write it without the back-reference.',
            node.at,
          )
        return set
      default:
        return set
    }
  }
}

function groupsIn(node: Node): number[] {
  const groups: number[] = []
  contains(node, one => {
    if (one.kind === 'group') groups.push(one.index)
    return false
  })
  return groups
}

/** Groups that every match of it sets. */
function groupsAlways(node: Node): Set<number> {
  switch (node.kind) {
    case 'sequence':
      return new Set(node.items.flatMap(item => [...groupsAlways(item)]))
    case 'either': {
      const [first, ...others] = node.branches.map(groupsAlways)
      return new Set([...first!].filter(group => others.every(other => other.has(group))))
    }
    case 'group':
      return new Set([...groupsAlways(node.body), node.index])
    case 'atomic':
      return groupsAlways(node.body)
    case 'repeat':
      return node.min === 0 ? new Set() : groupsAlways(node.body)
    default:
      return new Set()
  }
}

/** Whether the empty match is what it tries last of all. */
function isEmptyLast(node: Node): boolean {
  switch (node.kind) {
    case 'sequence':
      return node.items.every(item => isEmptyLast(item))
    case 'either':
      return node.branches.every((branch, i) =>
        i === node.branches.length - 1 ? isEmptyLast(branch) : !isNullable(branch),
      )
    case 'group':
    case 'atomic':
      return isEmptyLast(node.body)
    case 'repeat':
      return (
        !(node.mode === 'lazy' && (node.min === 0 || isNullable(node.body))) &&
        (!isNullable(node.body) || isEmptyLast(node.body))
      )
    default:
      return true
  }
}
