// test/subscription/packet/vectors.ts: packets that real uWSGIs sent, and malformed ones, with what must come of them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One that a uWSGI sent. */
export interface Captured {
  readonly name: string
  readonly hex: string
  readonly command: 'subscribe' | 'unsubscribe'
  /** In the order of the wire, without the signature. */
  readonly vars: readonly (readonly [name: string, value: string])[]
  /** The arguments of the uWSGI that sent it. */
  readonly subscriber?: string
  readonly sign_hex?: string
  readonly signature?: {
    readonly digest: string
    readonly signed_offset: number
    readonly signed_length: number
  }
}

/** One that was made by hand. */
export interface Made {
  readonly name: string
  readonly hex: string
  /** Begins with "reject" or "accept". */
  readonly expected: string
}

interface Vectors {
  readonly public_key_pem: string
  readonly captured: readonly Captured[]
  readonly captured_2_1_dev: readonly Captured[]
  readonly synthetic_edge_cases: readonly Made[]
}

const vectors: Vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../vectors/subscription-packets.json'), 'utf8'),
)

export const CAPTURED: readonly Captured[] = [...vectors.captured, ...vectors.captured_2_1_dev]
export const MADE = vectors.synthetic_edge_cases
/** Checks every signature of {@link CAPTURED}. */
export const PUBLIC_KEY = vectors.public_key_pem

export function bytesOf({ hex }: { readonly hex: string }): Buffer {
  return Buffer.from(hex, 'hex')
}
