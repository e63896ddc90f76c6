// test/fuzz/shared.ts: what the thread that fuzzes and the one that watches it say to each other.

/** What the thread is told. */
export interface Work {
  readonly target: string
  readonly seed: number
  readonly count: number
  readonly ms: number
  /** The input in hand: its number, its length, its bytes. */
  readonly shared: SharedArrayBuffer
}

/** What it says at its end. */
export interface Report {
  readonly inputs: number
  readonly ms: number
  readonly problem: string
  /** That failed. */
  readonly input: Uint8Array
  readonly nsPerByte: number
  readonly dearest: Uint8Array
  /** Heap and buffers after a collection at the end, less those at the beginning. */
  readonly grownBytes: number
}

export const MOST_SHARED_BYTES = 64 * 1024
export const SHARED_HEAD_BYTES = 8
