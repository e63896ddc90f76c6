// routing/rules/ours/js-types.ts: what functions of yours are given and may return (js:FILE#NAME). Import the types in your file:
// `import type { RuleFunction } from 'sluice/rules'`.

/** A request's head. It is a copy: to change it changes nothing. */
export interface RuleRequest {
  readonly method: string
  /** As the client sent it, with its query. */
  readonly url: string
  /** Decoded and without dot segments, as rules and nodes see it. */
  readonly path: string
  /** What follows the "?"; '' for nothing. */
  readonly query: string
  readonly host: string
  /** By name in lower case; repeats are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>
  /** Of the client, also behind trusted proxies; '' for UNIX sockets. */
  readonly remoteAddress: string
  readonly isTls: boolean
}

/** What becomes of the request. Nothing at all: it goes on as it is. */
export type RuleDecision = undefined | null | RulePass | RuleRedirect | RuleAnswer

/** It goes on with the following rules. */
export interface RulePass {
  /** Fields for the node; null removes one. */
  readonly setHeaders?: Readonly<Record<string, string | null>>
  /** Serves it in place of the nodes of its host. */
  readonly key?: string
  /** Fields for the answer. */
  readonly addHeaders?: Readonly<Record<string, string>>
}

export interface RuleRedirect {
  readonly redirect: string
  /** 302 unless given. */
  readonly status?: 301 | 302 | 303 | 307 | 308
}

export interface RuleAnswer {
  /** From 200 to 599. */
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Has 50 ms unless the rule says otherwise; an error, or no answer in that time, is a 500. */
export type RuleFunction = (request: RuleRequest) => RuleDecision | Promise<RuleDecision>
