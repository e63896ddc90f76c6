// routing/rules/compile.ts: from the lines of a configuration to the rules that gateways run, or to all that is wrong with
// them. In the master and in commands only; gateways get the picture.
import { type NodeAddress, parseNodeAddress } from '../../base/address.ts'
import { nearestOf } from '../../base/nearest.ts'
import type {
  ChainName,
  ChainPicture,
  HeaderEdit,
  RulePicture,
  RulesPicture,
  SubjectPicture,
  TestPicture,
} from '../../base/rules-picture.ts'
import { ruleKey } from '../../base/table-key.ts'
import { type Place, type Problem, placeText } from '../../config/config.ts'
import { FAMILIES, FAMILY_ENTRIES, type Family } from '../../config/route-families.ts'
import { type HeaderText, type RuleText, ruleOption } from '../../config/route-lines.ts'
import { type Reading, type RuleFiles, WrongRule } from './action.ts'
import { flowOf } from './flow.ts'
import { type ActionText, type HeadText, shown, splitRule } from './grammar.ts'
import { type Dead, type FlowRule, neverRuns } from './never-runs.ts'
import { unlikeLimits } from './ours/limit.ts'
import { hostPattern, requireCertainGroups, warnOfBound } from './read-pattern.ts'
import { type RefusedKind, refusedAction, refusedCondition } from './refused-kinds.ts'
import { RULE_KINDS, type RuleKinds } from './rule-kinds.ts'
import { Warnings } from './warnings.ts'

/** What the configuration says, beside the rules, that concerns them. */
export interface RuleLines {
  readonly rules: readonly RuleText[]
  readonly headers: readonly HeaderText[]
  readonly metrics: readonly string[]
  /** route-upstream: addresses of nodes, or keys of backends. */
  readonly upstreams: readonly { readonly text: string; readonly place: Place }[]
  /** Keys of backends that the configuration has. */
  readonly backends: ReadonlySet<string>
  /** Whether nodes may announce others, or all keys without nodes have the same ones. */
  readonly learnsKeys: boolean
  /** What files that rules name hold. */
  readonly files: RuleFiles
}

export interface CompiledRules {
  /** null: there is nothing to do. Good only when there are no problems. */
  readonly picture: Omit<RulesPicture, 'id'> | null
  /** Nodes that rules name by their address, each to be a backend of its own. */
  readonly upstreams: readonly RuleUpstream[]
  /** Services that rules ask (auth-request). */
  readonly services: readonly RuleAddress[]
  /** In the order of the lines. */
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** An address that rules name. */
export interface RuleAddress {
  readonly address: NodeAddress
  /** Of the first rule, or route-upstream, that names it. */
  readonly place: Place
  readonly option: string
}

export interface RuleUpstream extends RuleAddress {
  /** See base/table-key.ts. */
  readonly key: string
}

const CHAIN_NAMES: readonly ChainName[] = ['request', 'error', 'response', 'final']
/** Rules of one step: some milliseconds. */
const STEP_RULES = 256
/** Those without a name: one object for all rules, which a message holds once. */
const SUBJECTS = new Map<Family, SubjectPicture>()
for (const [family, { form }] of FAMILY_ENTRIES)
  if (form === 'regex') SUBJECTS.set(family, Object.freeze({ kind: family }) as SubjectPicture)
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Is given each rule once, in its order, chain by chain. */
export type TakeRule = (chain: ChainName, rule: RulePicture) => void

/** Pure but for the files that an action reads its arguments from. */
export function compileRules(lines: RuleLines, kinds = RULE_KINDS): CompiledRules {
  const steps = compileSteps(lines, null, kinds)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/**
 * The same a few hundred rules at a time, for who has other work in between.
 *
 * @param take gets the rules, of which the picture then has none: 100,000 need not be there at the same time. What it was
 *   given is good only when there are no problems. null: the picture has them
 */
export function compileSteps(
  lines: RuleLines,
  take: TakeRule | null,
  kinds = RULE_KINDS,
): Generator<void, CompiledRules> {
  return new Compiler(lines, take, kinds).run()
}

class Compiler {
  readonly #lines: RuleLines
  readonly #take: TakeRule | null
  readonly #kinds: RuleKinds
  readonly #metrics: ReadonlySet<string>
  readonly #allowed = new Set<string>()
  readonly #upstreams = new Map<string, RuleUpstream>()
  readonly #services = new Map<string, RuleAddress>()
  readonly #servable = new Map<string, boolean>() // keys of rules that no backend has as they are written
  readonly #problems: Problem[] = []
  readonly #warnings = new Warnings()

  constructor(lines: RuleLines, take: TakeRule | null, kinds: RuleKinds) {
    this.#lines = lines
    this.#take = take
    this.#kinds = kinds
    this.#metrics = new Set(lines.metrics)
  }

  *run(): Generator<void, CompiledRules> {
    for (const { text, place } of this.#lines.upstreams) this.#allow(text, place)
    const chains: Partial<Record<ChainName, ChainPicture>> = {}
    const byChain = Map.groupBy(this.#lines.rules, ({ chain }) => chain)
    for (const name of CHAIN_NAMES) {
      const texts = byChain.get(name)
      if (texts !== undefined) chains[name] = yield* this.#chain(name, texts)
    }
    const headers = this.#lines.headers.map(headerEdit)
    const picture =
      this.#lines.rules.length + headers.length === 0
        ? null
        : { chains, headers, metrics: this.#lines.metrics }
    return {
      picture,
      upstreams: [...this.#upstreams.values()],
      services: [...this.#services.values()],
      problems: this.#problems,
      warnings: this.#warnings.list(),
    }
  }

  *#chain(chain: ChainName, texts: readonly RuleText[]): Generator<void, ChainPicture> {
    const labels = this.#labels(texts)
    const rules: RulePicture[] = []
    const take = this.#take ?? ((_: ChainName, rule: RulePicture) => rules.push(rule))
    const flow: FlowRule[] = []
    const maker = this.#kinds.chainMaker()
    let isWhole = true
    for (let number = 0; number < texts.length; number++) {
      const text = texts[number]!
      if (number % STEP_RULES === STEP_RULES - 1) yield
      const before = this.#problems.length
      const rule = this.#rule(text, { chain, number, labels })
      if (this.#problems.length > before) isWhole = false
      else {
        take(chain, maker.add(rule!))
        flow.push(flowOf(rule!, text, this.#kinds, label => labels.get(label)))
      }
    }
    if (!isWhole) return { rules, index: null }
    yield
    for (const [number, first] of unlikeLimits(rules)) {
      const problem = `the limit of that name has another rate or burst at ${placeText(texts[first]!.place)}`
      this.#wrong(texts[number]!, problem, 'Give both the same, or each a name of its own')
    }
    for (const dead of neverRuns(flow)) this.#warnOfDead(dead, texts)
    yield
    return { rules, index: maker.index() }
  }

  #labels(texts: readonly RuleText[]): ReadonlyMap<string, number> {
    const labels = new Map<string, number>()
    for (const [number, text] of texts.entries()) {
      if (text.family !== 'label') continue
      const first = labels.get(text.value)
      if (first === undefined) labels.set(text.value, number)
      else {
        const problem = `the label ${shown(text.value)} stands at ${placeText(texts[first]!.place)} already`
        this.#wrong(text, problem, 'Give each label of a chain a name of its own')
      }
    }
    return labels
  }

  #rule(
    text: RuleText,
    where: { chain: ChainName; number: number; labels: ReadonlyMap<string, number> },
  ): RulePicture | null {
    const place = placeText(text.place)
    const { form } = FAMILIES[text.family]
    if (form === 'label') {
      return {
        place,
        test: { kind: 'label', label: bytesText(text.value) },
        action: { name: 'label', data: null },
      }
    }
    try {
      const [head, action] = splitRule(form, text.value)
      const reading = this.#reading(text, where)
      const test = this.#test(text, head, reading)
      const rule = { place, test, action: this.#action(action, reading) }
      requireCertainGroups(rule)
      warnOfBound(rule, reading.warn)
      return rule
    } catch (error) {
      if (!(error instanceof WrongRule)) throw error
      this.#wrong(text, error.message, error.remedy)
      return null
    }
  }

  #reading(
    text: RuleText,
    { chain, number, labels }: { chain: ChainName; number: number; labels: ReadonlyMap<string, number> },
  ): Reading {
    return {
      chain,
      number,
      label: label => labels.get(label),
      warn: (problem, remedy) => {
        this.#warnings.add({
          place: text.place,
          problem: `option "${ruleOption(text)}": ${problem}`,
          remedy,
        })
      },
      pattern: this.#kinds.pattern,
      metrics: this.#metrics,
      upstream: (address, protocol) => this.#upstream(address, protocol, text),
      service: origin => this.#service(origin, text),
      upstreams: this.#allowed,
      canServe: key => this.#canServe(key),
      files: this.#lines.files,
    }
  }

  #test({ family }: RuleText, head: HeadText, reading: Reading): TestPicture {
    if (head.kind === 'action') return { kind: 'always' }
    if (head.kind === 'status') return { kind: 'status', status: head.status }
    if (head.kind === 'condition') return this.#condition(head, family === 'if-not', reading)
    const subject: SubjectPicture =
      head.kind === 'named' ? namedSubject(family as 'header' | 'cookie', head.name) : SUBJECTS.get(family)!
    const pattern = subject.kind === 'host' ? hostPattern(head.pattern) : head.pattern
    return { kind: 'match', subject, pattern: this.#kinds.pattern(pattern) }
  }

  #condition(
    head: Extract<HeadText, { kind: 'condition' }>,
    isNegated: boolean,
    reading: Reading,
  ): TestPicture {
    const kind = this.#kinds.conditions.get(head.name)
    if (kind === undefined)
      throw unknownKind('condition', head.name, refusedCondition(head.name), this.#kinds.conditions.keys())
    return {
      kind: 'condition',
      isNegated,
      name: kind.names[0]!,
      data: kind.read(head.args, reading),
    }
  }

  #action({ name, args }: ActionText, reading: Reading): RulePicture['action'] {
    const kind = this.#kinds.actions.get(name)
    if (kind === undefined) throw unknownKind('action', name, refusedAction(name), this.#kinds.actions.keys())
    if (!kind.chains.includes(reading.chain)) {
      const chains = kind.chains.map(chain => ruleOption({ chain, family: 'run' }).replace('-run', ''))
      throw new WrongRule(
        `the action "${name}" can do nothing in this chain`,
        `Use it with ${chains.join(' or ')}`,
      )
    }
    return { name: kind.names[0]!, data: kind.read(args, reading) }
  }

  #allow(text: string, place: Place): void {
    if (this.#lines.backends.has(text)) {
      this.#allowed.add(text)
      return
    }
    const address = parseNodeAddress(text)
    if ('problem' in address) {
      const { problem, remedy } = address
      this.#problems.push({ place, problem: `option "route-upstream": ${problem}`, remedy })
    } else this.#allowed.add(withoutProto(address))
  }

  #upstream(text: string, protocol: 'http' | 'uwsgi', rule: RuleText): string {
    if (this.#lines.backends.has(text)) return text
    const address = parseNodeAddress(`${protocol}://${text}`)
    if ('problem' in address) throw new WrongRule(address.problem, address.remedy)
    const key = ruleKey(address.name)
    if (!this.#upstreams.has(key))
      this.#upstreams.set(key, { key, address, place: rule.place, option: ruleOption(rule) })
    return key
  }

  #service(origin: string, rule: RuleText): void {
    if (this.#services.has(origin)) return
    const { protocol, hostname, port } = new URL(origin)
    const address = parseNodeAddress(`http://${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`)
    if ('problem' in address) return // none that could be a listener's
    this.#services.set(origin, { address, place: rule.place, option: ruleOption(rule) })
  }

  // As a gateway looks it up, or more: a wildcard, the host without its port, and a shorter path count as well.
  #canServe(text: string): boolean {
    const { learnsKeys, backends } = this.#lines
    if (learnsKeys || backends.has(text)) return true
    const key = text.toLowerCase()
    let canServe = this.#servable.get(key)
    if (canServe === undefined) {
      canServe = [...backends].some(each => key.startsWith(each) || (each[0] === '.' && key.includes(each)))
      this.#servable.set(key, canServe)
    }
    return canServe
  }

  #warnOfDead(dead: Dead, texts: readonly RuleText[]): void {
    const text = texts[dead.rule]!
    const by = 'by' in dead ? placeText(texts[dead.by]!.place) : ''
    const [problem, remedy] = {
      unreachable: () => [
        `this rule${dead.kind === 'unreachable' ? othersText(dead.count - 1) : ''} can never run: the one at ${by} ends the chain for every request`,
        'Move it up, or take it out',
      ],
      'unused label': () => [
        `no rule jumps to the label ${shown(text.value)}`,
        'Take it out, or correct the goto',
      ],
      shadowed: () => [
        `this rule can never run: the one at ${by} tests the same and ends the chain`,
        'Take one of them out',
      ],
    }[dead.kind]() as [string, string]
    this.#warnings.add({ place: text.place, problem: `option "${ruleOption(text)}": ${problem}`, remedy })
  }

  #wrong(text: RuleText, problem: string, remedy: string): void {
    this.#problems.push({ place: text.place, problem: `option "${ruleOption(text)}": ${problem}`, remedy })
  }
}

function othersText(count: number): string {
  return count === 0 ? '' : count === 1 ? ' and the one behind it' : ` and the ${count} behind it`
}

function namedSubject(kind: 'header' | 'cookie', name: string): SubjectPicture {
  if (!TOKEN.test(name))
    throw new WrongRule(
      `${shown(name)} is no name of a ${kind}`,
      `Write the name of the ${kind}, then the pattern`,
    )
  return { kind, name: kind === 'header' ? name.toLowerCase() : name }
}

function unknownKind(
  what: 'action' | 'condition',
  name: string,
  refused: RefusedKind | null,
  names: Iterable<string>,
): WrongRule {
  if (refused !== null) return new WrongRule(`route ${what} "${name}" ${refused.problem}`, refused.remedy)
  const nearest = nearestOf(name, names)
  return new WrongRule(
    `route ${what} ${shown(name)} is unknown`,
    nearest === null ? 'docs/routing.md lists all there are' : `Did you mean "${nearest}:"?`,
  )
}

function withoutProto({ name, proto }: NodeAddress): string {
  return name.slice(proto.length + 3)
}

function headerEdit({ kind, value }: HeaderText): HeaderEdit {
  if (kind === 'add') return { kind, line: bytesText(value) }
  if (kind === 'remove') return { kind, name: value.toLowerCase() }
  const [name, variable] = value.split(/[ \t]+/) as [string, string]
  return { kind, name: name.toLowerCase(), variable: bytesText(variable) }
}

// One character a byte, as all text of heads.
function bytesText(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1')
}
