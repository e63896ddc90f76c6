// routing/rules/action.ts: what one kind of action or condition is. Loading, checks, running and docs/routing.md derive
// from it.
import type { ChainName } from '../../base/rules-picture.ts'
import type { Code, Found } from './ask.ts'
import type { Run } from './run.ts'

/** `D` is what it keeps of its arguments: plain data that goes to the gateways by message. */
export interface ActionKind<D = unknown> extends Kind {
  /** Chains it makes sense in; a rule elsewhere is refused at load. */
  readonly chains: readonly ChainName[]
  /** Reads the arguments. @throws WrongRule with a problem and its remedy */
  read(args: string, reading: Reading): D
  /** Makes it ready to run; once for each rule and process. */
  make(data: D, making: Making): Act
}

export interface ConditionKind<D = unknown> extends Kind {
  /** Reads the operands. @throws WrongRule with a problem and its remedy */
  read(args: string, reading: Reading): D
  make(data: D, making: Making): Check
}

export interface Kind {
  /** First the one that docs use. */
  readonly names: readonly string[]
  /** True for names that uWSGI lacks. */
  readonly ours: boolean
  /** How the arguments are written, for docs: "KEY=VALUE", "" for none. */
  readonly syntax: string
  /** One or two sentences for docs. */
  readonly doc: string
}

/** Must not throw on anything a client sends. */
export type Act = (run: Run) => Code
/** Likewise; changes nothing but run.captures. */
export type Check = (run: Run) => Found

export const EVERY_CHAIN: readonly ChainName[] = ['request', 'error', 'response', 'final']
/** Where there still is an answer to be changed. */
export const BEFORE_SENDING: readonly ChainName[] = ['request', 'error', 'response']
export const REQUEST_ONLY: readonly ChainName[] = ['request']

/** What arguments may refer to while they are read. */
export interface Reading {
  readonly chain: ChainName
  /** Number of the rule in its chain. */
  readonly number: number
  /** Number of the rule with that label in this chain; undefined: there is none. */
  label(text: string): number | undefined
  /** Says something that is worth a warning at load: sentences without their full stop. */
  warn(problem: string, remedy: string): void
  /** A regular expression for matcherOf. @throws WrongRule for what is none, or none that is safe to run */
  pattern(text: string): unknown
  /** Metrics that the configuration declares. */
  readonly metrics: ReadonlySet<string>
  /**
   * A node's address that a rule sends to by itself becomes a backend of its own.
   *
   * @param address or the name of a configured backend
   * @returns its key in the table
   */
  upstream(address: string, protocol: 'http' | 'uwsgi'): string
  /** A service that a rule asks by itself, not through the table: it must be none of our own listeners. @param origin of a URL */
  service(origin: string): void
  /** Names of backends and addresses that a client's bytes may choose among (route-upstream), as they may spell them. */
  readonly upstreams: ReadonlySet<string>
  /** Whether a backend of the configuration has that key, or a node may still announce it. */
  canServe(key: string): boolean
  readonly files: RuleFiles
}

/** Files that rules name: looked at while the rules are read, so that what is wrong in one is told with the rule's place. */
export interface RuleFiles {
  /** Its absolute name; it need not be there. */
  path(file: string): string
  /** Why it cannot be read now, in words; '' when it can. @param file its absolute name */
  trouble(file: string): string
  /**
   * A list of networks, which is watched from now on.
   *
   * @returns its absolute name. @throws WrongRule when it cannot be read, or has a line that is no network
   */
  nets(file: string): string
  /**
   * A module with a function of that name.
   *
   * @returns its absolute name, and a text that changes with its content. @throws WrongRule when there is none
   */
  js(file: string, name: string): { readonly file: string; readonly stamp: string }
}

export interface Making {
  readonly place: string
}

/** Sentences without their full stop. */
export class WrongRule extends Error {
  readonly remedy: string

  constructor(problem: string, remedy: string) {
    super(problem)
    this.remedy = remedy
  }
}
