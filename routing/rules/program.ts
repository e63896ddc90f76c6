// routing/rules/program.ts: rules made ready to run, from their picture. Immutable: an exchange ends with the one it began with.
import type {
  ChainName,
  ChainPicture,
  HeaderEdit,
  RulePicture,
  RulesPicture,
  TestPicture,
} from '../../base/rules-picture.ts'
import type { Act, Check } from './action.ts'
import { type Code, type Found, HIT, MISS } from './ask.ts'
import { ACTIONS, CONDITIONS } from './kinds.ts'
import { type Matcher, matcherOf } from './pattern.ts'
import type { Run } from './run.ts'
import { readerOf } from './subject.ts'
import { groupsIn } from './template.ts'
import { type Walk, walkOf } from './walk.ts'

export interface Program {
  readonly request: Chain | null
  readonly error: Chain | null
  readonly response: Chain | null
  readonly final: Chain | null
  /** Lines for every answer (add-header). */
  readonly added: readonly string[] | null
  /** Names in lower case that no answer has (rem-header). */
  readonly removed: readonly string[] | null
  /** Fields of answers that become variables. */
  readonly collects: readonly Collect[] | null
  readonly metrics: ReadonlySet<string>
}

export const WITHOUT_RULES: Program = {
  request: null,
  error: null,
  response: null,
  final: null,
  added: null,
  removed: null,
  collects: null,
  metrics: new Set(),
}

export type Collect = Extract<HeaderEdit, { readonly variable: string }>

export function makeProgram(picture: RulesPicture): Program {
  const { chains, headers } = picture
  return {
    request: chainOf('request', chains.request),
    error: chainOf('error', chains.error),
    response: chainOf('response', chains.response),
    final: chainOf('final', chains.final),
    added: orNull(headers.filter(edit => edit.kind === 'add').map(edit => edit.line)),
    removed: orNull(headers.filter(edit => edit.kind === 'remove').map(edit => edit.name)),
    collects: orNull(headers.filter(isCollect)),
    metrics: new Set(picture.metrics),
  }
}

function isCollect(edit: HeaderEdit): edit is Collect {
  return edit.kind === 'collect' || edit.kind === 'pull'
}

function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list
}

function chainOf(name: ChainName, picture: ChainPicture | undefined): Chain | null {
  return picture === undefined || picture.rules.length === 0 ? null : new Chain(name, picture)
}

/** Rules are made when they are met first: of very many, a gateway meets few, and it cannot stop for all of them. */
export class Chain {
  readonly name: ChainName
  readonly length: number
  /** Which rules are worth a try; null: each. */
  readonly walk: Walk | null
  readonly #pictures: readonly RulePicture[]
  readonly #rules: (Rule | undefined)[]
  #labels: Map<string, number> | null = null

  constructor(name: ChainName, picture: ChainPicture) {
    this.name = name
    this.length = picture.rules.length
    this.walk = walkOf(picture)
    this.#pictures = picture.rules
    this.#rules = new Array(picture.rules.length)
  }

  rule(number: number): Rule {
    const known = this.#rules[number]
    if (known !== undefined) return known
    const made = new Rule(this.#pictures[number]!, number)
    this.#rules[number] = made
    return made
  }

  /** Number of the rule with that label. @param text one character a byte */
  label(text: string): number | undefined {
    this.#labels ??= labelsOf(this.#pictures)
    return this.#labels.get(text)
  }
}

function labelsOf(rules: readonly RulePicture[]): Map<string, number> {
  const labels = new Map<string, number>()
  for (const [number, { test }] of rules.entries()) {
    // The first one counts, as in uWSGI.
    if (test.kind === 'label' && !labels.has(test.label)) labels.set(test.label, number)
  }
  return labels
}

export class Rule {
  readonly place: string
  readonly number: number
  /** It acts when its test fails. */
  readonly isNegated: boolean
  readonly #picture: RulePicture
  readonly #check: Check
  #act: Act | null = null

  constructor(picture: RulePicture, number: number) {
    this.place = picture.place
    this.number = number
    this.isNegated = picture.test.kind === 'condition' && picture.test.isNegated
    this.#picture = picture
    this.#check = checkOf(picture)
  }

  test(run: Run): Found {
    return this.#check(run)
  }

  act(run: Run): Code {
    this.#act ??= actOf(this.#picture)
    return this.#act(run)
  }
}

function actOf({ place, action }: RulePicture): Act {
  return ACTIONS.get(action.name)!.make(action.data, { place })
}

function checkOf(rule: RulePicture): Check {
  const { test } = rule
  switch (test.kind) {
    case 'always':
      return always
    case 'label':
      return never
    case 'status':
      return run => (run.statusNow() === test.status ? HIT : MISS)
    case 'condition':
      return CONDITIONS.get(test.name)!.make(test.data, { place: rule.place })
    case 'match':
      return matchOf(test, groupsIn(rule.action.data).size > 0)
  }
}

function always(): Found {
  return HIT
}

function never(): Found {
  return MISS
}

function matchOf(test: Extract<TestPicture, { kind: 'match' }>, keepsGroups: boolean): Check {
  const read = readerOf(test.subject)
  let matcher: Matcher | null = null
  return run => {
    const subject = read(run)
    if (subject === undefined) return MISS
    matcher ??= matcherOf(test.pattern)
    if (subject.length > matcher.longest) return run.refuse(400)
    if (!keepsGroups) return matcher.test(subject) ? HIT : MISS
    run.captures = matcher.exec(subject)
    return run.captures === null ? MISS : HIT
  }
}
