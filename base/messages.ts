// base/messages.ts: what master and gateways say to each other over the channel of fork (serialization 'advanced').
import type { Picture } from './picture.ts'

/** Master to gateway. */
export type ToGateway =
  /**
   * `picture` comes first, before any traffic, and again at each change. `rests`, with a gateway's first picture, says
   * which nodes rest and for how many more milliseconds, as other gateways found out.
   */
  | { readonly kind: 'picture'; readonly picture: Picture; readonly rests?: readonly NodeRest[] }
  /** Stop accepting, close what is idle, finish what is in hand for at most `graceMs`, exit 0. */
  | { readonly kind: 'stop'; readonly graceMs: number }
  /**
   * Others took over: stop accepting, but close no connection under a client that may be sending. The answer to the next
   * request of each closes it. Exit 0 once none is left, or after `graceMs`, when what is left is closed.
   */
  | { readonly kind: 'retire'; readonly graceMs: number }
  /** Open log files again: they were renamed. Answered by `reopened`. */
  | { readonly kind: 'reopen' }

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
  /** Worth an event-log line; `fields` hold no secret. */
  | {
      readonly kind: 'event'
      readonly level: 'info' | 'warn' | 'error'
      readonly text: string
      readonly fields: Readonly<Record<string, string | number>>
    }

/** What happened in a gateway since its last batch; sent at most every 250 ms, and only when something did. */
export interface CounterBatch {
  /** Client connections open now. */
  readonly connections: number
  /** Connections accepted; requests answered or given up; connections refused by a limit. */
  readonly accepted: number
  readonly requests: number
  readonly refused: number
  /** Nodes for which something changed. `failures`: failed connects, bad answers, none in time. `restsMs`: 0: no rest. */
  readonly nodes: readonly {
    readonly name: string
    readonly requests: number
    readonly failures: number
    readonly restsMs: number
  }[]
}
