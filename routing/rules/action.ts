// routing/rules/action.ts: what one kind of action is. Loading, checks, running and docs/routing.md derive from it.
import type { ChainName } from '../../base/rules-picture.ts'
import type { Code } from './ask.ts'
import type { Run } from './run.ts'

/** `D` is what it keeps of its arguments: plain data that goes to the gateways by message. */
export interface ActionKind<D = unknown> {
  /** First the one that docs use. */
  readonly names: readonly string[]
  /** True for names that uWSGI lacks. */
  readonly ours: boolean
  /** How the arguments are written, for docs: "KEY=VALUE", "" for none. */
  readonly syntax: string
  /** One or two sentences for docs. */
  readonly doc: string
  /** Chains it makes sense in; a rule elsewhere is refused at load. */
  readonly chains: readonly ChainName[]
  /** Reads the arguments. @throws WrongRule with a problem and its remedy */
  read(args: string, reading: Reading): D
  /** Makes it ready to run; once for each rule and process. */
  make(data: D, making: Making): Act
}

/** Must not throw on anything a client sends. */
export type Act = (run: Run) => Code

/** What arguments may refer to while they are read. */
export interface Reading {
  readonly chain: ChainName
  /** Number of the rule in its chain. */
  readonly number: number
  /** Number of the rule with that label in this chain; undefined: there is none. */
  label(text: string): number | undefined
  /** Says something that is worth a warning at load: sentences without their full stop. */
  warn(problem: string, remedy: string): void
  /** Metrics that the configuration declares. */
  readonly metrics: ReadonlySet<string>
  /** A node's address that a rule sends to by itself becomes a backend of its own. @returns its key in the table */
  upstream(address: string): string
  /** Names of backends and addresses that a client's bytes may choose among (route-upstream). */
  readonly upstreams: ReadonlySet<string>
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
