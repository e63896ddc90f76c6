// base/rules-picture.ts: route rules as plain data: what the master makes of the lines, and gateways make a program of.

/** The four chains of uWSGI: before a node is chosen; at each status line; when all headers are known; when all was sent. */
export type ChainName = 'request' | 'error' | 'response' | 'final'

/** All rules of a configuration. Sent by a message of its own, so that a new picture does not carry megabytes again. */
export interface RulesPicture {
  /** Another one for each set of rules that was ever sent; see Picture.rules. */
  readonly id: number
  /** A chain without rules is missing. */
  readonly chains: Readonly<Partial<Record<ChainName, ChainPicture>>>
  /** Edits of every answer, in the order of the lines: add-header, rem-header, collect-header, pull-header. */
  readonly headers: readonly HeaderEdit[]
  /** Names of the metrics that rules may count by. */
  readonly metrics: readonly string[]
}

export interface ChainPicture {
  readonly rules: readonly RulePicture[]
  /** What makes many rules as cheap as few, made once by the master; null: tried one by one. */
  readonly index: unknown
}

export interface RulePicture {
  /** "FILE:LINE". */
  readonly place: string
  readonly test: TestPicture
  /** Name of its kind, and what that kind read of the arguments. */
  readonly action: { readonly name: string; readonly data: unknown }
}

/** Whether a rule acts. */
export type TestPicture =
  | { readonly kind: 'always' }
  /** A position to jump to: it does nothing, and counts. */
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'match'; readonly subject: SubjectPicture; readonly pattern: unknown }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'condition'; readonly isNegated: boolean; readonly name: string; readonly data: unknown }

/** What a regular expression is held against. */
export type SubjectPicture =
  | { readonly kind: 'path' | 'uri' | 'query' | 'host' | 'address' | 'agent' | 'referer' | 'user' | 'method' }
  | { readonly kind: 'header' | 'cookie'; readonly name: string }

export type HeaderEdit =
  | { readonly kind: 'add'; readonly line: string }
  /** Names in lower case. */
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'collect' | 'pull'; readonly name: string; readonly variable: string }
