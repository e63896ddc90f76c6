// routing/rules/regex/node.ts: a pattern as a tree, and what can be told from it without matching.
import { ANY, ByteSet } from './byte-set.ts'

/** `at` is the offset in the pattern's bytes, for messages. Case and dotall are already in the sets. */
export type Node =
  | { kind: 'byte'; byte: number }
  | { kind: 'set'; set: ByteSet }
  | { kind: 'sequence'; items: readonly Node[] }
  | { kind: 'either'; branches: readonly Node[] }
  | { kind: 'group'; index: number; body: Node }
  | {
      kind: 'repeat'
      min: number
      max: number
      mode: 'greedy' | 'lazy' | 'possessive'
      body: Node
      at: number
    }
  | { kind: 'atomic'; body: Node; at: number }
  | { kind: 'look'; ahead: boolean; negative: boolean; body: Node; at: number }
  | { kind: 'reference'; group: number; caseless: boolean; at: number }
  /** \A, \z, \Z and `$`, `^` and `$` under (?m), \b, \B */
  | { kind: 'assert'; what: Assertion; at: number }

export type Assertion =
  | 'start'
  | 'end'
  /** The end, or before a newline that ends the subject. */
  | 'final-end'
  | 'line-start'
  /** Start of a line, but where the match could be over there: not behind the newline that ends the subject. */
  | 'line-start-inside'
  | 'line-end'
  | 'boundary'
  | 'no-boundary'

export const EMPTY: Node = { kind: 'sequence', items: [] }

/** Whether it can match without eating a byte. */
export function isNullable(node: Node): boolean {
  switch (node.kind) {
    case 'byte':
    case 'set':
      return false
    case 'sequence':
      return node.items.every(isNullable)
    case 'either':
      return node.branches.some(isNullable)
    case 'group':
    case 'atomic':
      return isNullable(node.body)
    case 'repeat':
      return node.min === 0 || isNullable(node.body)
    case 'look':
    case 'reference':
    case 'assert':
      return true
  }
}

/** The bytes that a non-empty match can begin with. */
export function firstBytes(node: Node): ByteSet {
  switch (node.kind) {
    case 'byte':
      return ByteSet.only(node.byte)
    case 'set':
      return node.set
    case 'sequence': {
      const set = new ByteSet()
      for (const item of node.items) {
        set.addAll(firstBytes(item))
        if (!isNullable(item)) break
      }
      return set
    }
    case 'either': {
      const set = new ByteSet()
      for (const branch of node.branches) set.addAll(firstBytes(branch))
      return set
    }
    case 'group':
    case 'atomic':
      return firstBytes(node.body)
    case 'repeat':
      return node.max === 0 ? new ByteSet() : firstBytes(node.body)
    case 'reference':
      return ANY
    case 'look':
    case 'assert':
      return new ByteSet()
  }
}

/** How many bytes each of its matches has; -1 when that differs. */
export function fixedLength(node: Node): number {
  switch (node.kind) {
    case 'byte':
    case 'set':
      return 1
    case 'sequence': {
      let length = 0
      for (const item of node.items) {
        const one = fixedLength(item)
        if (one < 0) return -1
        length += one
      }
      return length
    }
    case 'either': {
      const length = fixedLength(node.branches[0]!)
      return node.branches.every(branch => fixedLength(branch) === length) ? length : -1
    }
    case 'group':
    case 'atomic':
      return fixedLength(node.body)
    case 'repeat': {
      if (node.min !== node.max) return -1
      const one = fixedLength(node.body)
      return one < 0 ? -1 : one * node.min
    }
    case 'look':
    case 'assert':
      return 0
    case 'reference':
      return -1
  }
}

/** Whether some node in it, itself included, is as asked. */
export function contains(node: Node, wanted: (node: Node) => boolean): boolean {
  if (wanted(node)) return true
  switch (node.kind) {
    case 'sequence':
      return node.items.some(item => contains(item, wanted))
    case 'either':
      return node.branches.some(branch => contains(branch, wanted))
    case 'group':
    case 'atomic':
    case 'repeat':
    case 'look':
      return contains(node.body, wanted)
    default:
      return false
  }
}

/** As one sequence of sets, when it is that; else null. */
export function setsOf(node: Node): ByteSet[] | null {
  switch (node.kind) {
    case 'byte':
      return [ByteSet.only(node.byte)]
    case 'set':
      return [node.set]
    case 'sequence': {
      const sets: ByteSet[] = []
      for (const item of node.items) {
        const more = setsOf(item)
        if (more === null) return null
        sets.push(...more)
      }
      return sets
    }
    case 'group':
    case 'atomic':
      return setsOf(node.body)
    default:
      return null
  }
}
