// base/messages.ts: what master and gateways say to each other over the channel of fork (serialization 'advanced').
import type { LimitGrant, LimitReport } from './limits.ts'
import type { NetFilePicture } from './nets.ts'
import type { KeyPicture, Picture } from './picture.ts'
import type { RulesPicture } from './rules-picture.ts'

/** Master to gateway. */
export type ToGateway =
  /**
   * `picture` comes first, before any traffic, and again at each change. `rests`, with a gateway's first picture, says
   * which nodes rest and for how many more milliseconds, as other gateways found out.
   */
  | { readonly kind: 'picture'; readonly picture: Picture; readonly rests?: readonly NodeRest[] }
  /**
   * Nodes that announced themselves, beside those of the picture: what changed since the last such message. All there are
   * come in some of them before the first picture, so that a gateway listens with the whole table.
   */
  | { readonly kind: 'table'; readonly keys: readonly KeyPicture[] }
  /**
   * Route rules, before the first picture that names them: the bytes of one RulesPiece (see rules-parts.ts). With the last
   * one they are whole, and count as the message 'rules'.
   */
  | { readonly kind: 'rules-part'; readonly id: number; readonly bytes: Uint8Array; readonly isLast: boolean }
  /** All of them at once: how a gateway sees them once their parts are together. */
  | { readonly kind: 'rules'; readonly rules: RulesPicture }
  /** Lists of networks that rules name, new or changed; those of a picture's rules before it. */
  | { readonly kind: 'nets'; readonly files: readonly NetFilePicture[] }
  /** What part of a rate limit this gateway has of some keys from now on. */
  | { readonly kind: 'limits'; readonly grants: readonly LimitGrant[] }
  /** What checks found. */
  | { readonly kind: 'verdicts'; readonly verdicts: readonly Verdict[] }
  /** Stop accepting, close what is idle, finish what is in hand for at most `graceMs`, exit 0. */
  | { readonly kind: 'stop'; readonly graceMs: number }
  /**
   * Others took over: stop accepting, but close no connection under a client that may be sending. The answer to the next
   * request of each closes it. Exit 0 once none is left, or after `graceMs`, when what is left is closed.
   */
  | { readonly kind: 'retire'; readonly graceMs: number }
  /** Open log files again: they were renamed. Answered by `reopened`. */
  | { readonly kind: 'reopen' }

/** A check failed or succeeded, where it did otherwise before. */
export interface Verdict {
  /** The node's name in the picture. */
  readonly name: string
  /** False: it is given nothing until a check finds it well. */
  readonly isWell: boolean
}

export interface NodeRest {
  /** The node's name in the picture. */
  readonly name: string
  readonly ms: number
}

/** Gateway to master. */
export type ToMaster =
  /** Listening on every socket of its first picture. */
  | { readonly kind: 'ready' }
  /**
   * Cannot do what was asked; the master shows `problem` and ends the start. Of a later picture it means that the one
   * before stays in force, in place of `applied`.
   */
  | { readonly kind: 'failed'; readonly problem: string }
  /** The picture of this version is in force: every request that begins from now on follows it. */
  | { readonly kind: 'applied'; readonly version: number }
  /** Log files were opened again; nothing more goes to the old ones. */
  | { readonly kind: 'reopened' }
  | { readonly kind: 'counters'; readonly counters: CounterBatch }
  /** Keys of rate limits that it is asked for a lot; at most every 250 ms. */
  | { readonly kind: 'limits'; readonly reports: readonly LimitReport[] }
  /** Worth an event-log line; `fields` hold no secret. */
  | {
      readonly kind: 'event'
      readonly level: 'info' | 'warn' | 'error'
      readonly text: string
      readonly fields: Readonly<Record<string, string | number>>
    }

/**
 * What happened in a gateway since its last batch; sent at most every 250 ms, and only when something did. Nodes and keys
 * beyond a thousand come with the next.
 */
export interface CounterBatch {
  /** Client connections open now. */
  readonly connections: number
  /** Connections accepted; requests answered or given up; connections refused by a limit. */
  readonly accepted: number
  readonly requests: number
  readonly refused: number
  /** Nodes for which something changed. */
  readonly nodes: readonly NodeCounters[]
  /** Look-ups that found a key, for keys that were found. Of http-to: ''. */
  readonly hits: readonly { readonly key: string; readonly hits: number }[]
}

/** What happened with one node in a gateway since it was last told of. */
export interface NodeCounters {
  /** The node's name in the picture. */
  readonly name: string
  readonly requests: number
  /** Failed connects, bad answers, none in time. */
  readonly failures: number
  /** What is left of its rest; 0: it does not rest. */
  readonly restsMs: number
  /** Why it rests: the last failure, in words; '' when it does not. */
  readonly cause: string
  /** Bytes from the node, and to it, of exchanges that ended. */
  readonly tx: number
  readonly rx: number
  /** Exchanges that it has now. */
  readonly inHand: number
  /** How long answers lately took to begin (peak EWMA); 0: none was seen. */
  readonly latencyMs: number
}
