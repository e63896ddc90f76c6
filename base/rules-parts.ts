// base/rules-parts.ts: how route rules travel to gateways: in parts, each the bytes of one piece.
import type { ChainName, RulePicture, RulesPicture } from './rules-picture.ts'

/** Pieces follow each other in the order of the rules; of a chain, the one with its index comes first. */
export interface RulesPiece {
  readonly headers?: RulesPicture['headers']
  readonly metrics?: RulesPicture['metrics']
  readonly chain?: ChainName
  readonly index?: unknown
  readonly rules?: readonly RulePicture[]
}
