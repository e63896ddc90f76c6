// base/messages.ts: what master and gateways say to each other over the channel of fork (serialization 'advanced').
import type { Picture } from './picture.ts'

/** Master to gateway. `picture` comes first, before any traffic, and again at each change. */
export type ToGateway =
  | { readonly kind: 'picture'; readonly picture: Picture }
  /** Stop accepting, finish what is in hand for at most `graceMs`, exit 0. */
  | { readonly kind: 'stop'; readonly graceMs: number }

/** Gateway to master. */
export type ToMaster =
  /** Listening on every socket of its first picture. */
  | { readonly kind: 'ready' }
  /** Cannot do what was asked; the master shows `problem` and ends the start. */
  | { readonly kind: 'failed'; readonly problem: string }
  /** Worth an event-log line; `fields` hold no secret. */
  | {
      readonly kind: 'event'
      readonly level: 'info' | 'warn' | 'error'
      readonly text: string
      readonly fields: Readonly<Record<string, string | number>>
    }
