// routing/rules/asked.ts: what each kind of Ask carries, and how it is answered. All text has one character a byte.
import type { RuleRequest } from './ours/js-types.ts'

/** Of 'password': does this user have this password? */
export interface PasswordAsked {
  /** The lines of an htpasswd file, or the one user that a rule names. */
  readonly known: { readonly file: string } | { readonly user: string; readonly password: string }
  /** As the client gave them. */
  readonly user: string
  readonly password: string
}

/** 'refused': it was not looked at: too many failures of this address (429), or too many checks at once (503). */
export type PasswordAnswer =
  | { readonly kind: 'right' | 'wrong' }
  | { readonly kind: 'refused'; readonly status: 429 | 503; readonly retryAfterSeconds: number }

/** Of 'auth': a GET of another service decides. */
export interface AuthAsked {
  /** "http://auth.example:4180" and what follows it. */
  readonly origin: string
  readonly path: string
  /** Name, value, name, value. */
  readonly fields: readonly string[]
  readonly timeoutMs: number
}

/** 'failed': dead, too late, no HTTP, or too much at once. `why` is for the log. */
export type AuthAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** By name in lower case; one for each line. */
      readonly fields: ReadonlyMap<string, readonly string[]>
    }
  | { readonly kind: 'failed'; readonly why: string }

/** Of 'js': a function of the operator's decides. */
export interface JsAsked {
  /** Absolute. */
  readonly file: string
  /** Of its content: another one is another module. */
  readonly stamp: string
  readonly name: string
  readonly timeoutMs: number
  readonly request: RuleRequest
}

/** `decision` is whatever the function returned: nobody looked at it yet. */
export type JsAnswer =
  | { readonly kind: 'returned'; readonly decision: unknown }
  | { readonly kind: 'failed'; readonly why: string }
