// base/rules-parts.ts: how route rules travel to gateways: in parts, each the bytes of one piece.
//
// Megabytes of an index in one piece would stop a gateway while it reads them. So large lists in it are left out of the piece
// that brings the index, and follow in slices.
import type { ChainName, RulePicture, RulesPicture } from './rules-picture.ts'

/** Pieces follow each other in the order of the rules; of a chain, first the one with its index, then its slices. */
export interface RulesPiece {
  readonly headers?: RulesPicture['headers']
  readonly metrics?: RulesPicture['metrics']
  readonly chain?: ChainName
  readonly index?: unknown
  /** Of the index that came last. */
  readonly slice?: Slice
  readonly rules?: readonly RulePicture[]
}

/** A part of the large list with that number; slices of one list follow each other. */
export interface Slice {
  readonly hole: number
  readonly at: number
  readonly values: Numbers
}

/** Stands in an index for a large list. */
interface Hole {
  readonly hole: number
  readonly kind: 'bytes' | 'integers'
  readonly length: number
}

type Numbers = Uint8Array | Int32Array

/** Bytes of a slice, about. */
const SLICE_BYTES = 64 * 1024

/** An index without its large lists, and these in slices. The lists are arrays of numbers, in plain objects. */
export function sliced(index: unknown): { readonly index: unknown; readonly slices: Iterable<Slice> } {
  const lists: Numbers[] = []
  const hollow = mapped(index, value => {
    const kind = kindOf(value)
    if (kind === null) return undefined
    const list = value as Numbers
    const { length } = list
    if (length <= SLICE_BYTES / 4) return list
    return { hole: lists.push(list) - 1, kind, length } satisfies Hole
  })
  return { index: hollow, slices: slicesOf(lists) }
}

function* slicesOf(lists: readonly Numbers[]): Generator<Slice> {
  for (const [hole, list] of lists.entries()) {
    const length = SLICE_BYTES / list.BYTES_PER_ELEMENT
    for (let at = 0; at < list.length; at += length) yield { hole, at, values: list.slice(at, at + length) }
  }
}

/** An index being put together again. */
export class Joining {
  readonly index: unknown
  readonly #lists: Numbers[] = []

  constructor(hollow: unknown) {
    this.index = mapped(hollow, value => {
      if (kindOf(value) !== null) return value
      if (!('hole' in value)) return undefined
      const { hole, kind, length } = value as Hole
      const list = kind === 'bytes' ? new Uint8Array(length) : new Int32Array(length)
      this.#lists[hole] = list
      return list
    })
  }

  add({ hole, at, values }: Slice): void {
    this.#lists[hole]!.set(values, at)
  }
}

// Plain objects and arrays are copied; `replace` answers for any object first, undefined: copy it.
function mapped(value: unknown, replace: (value: object) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const replaced = replace(value)
  if (replaced !== undefined) return replaced
  if (Array.isArray(value)) return value.map(each => mapped(each, replace))
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapped(each, replace)]))
}

function kindOf(value: object): Hole['kind'] | null {
  if (value instanceof Int32Array) return 'integers'
  return value instanceof Uint8Array ? 'bytes' : null
}
