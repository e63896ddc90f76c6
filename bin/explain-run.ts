// bin/explain-run.ts: runs one request through the rules of a configuration and writes down what each rule did. What rules would
// ask of others is not asked: it is assumed.
import type { ChainName, RulesPicture } from '../base/rules-picture.ts'
import { placeText } from '../config/config.ts'
import { type RuleText, ruleOption } from '../config/route-lines.ts'
import { ASKS, type Decision, PASS } from '../routing/decision.ts'
import { ASK, type Ask, BREAK, type Found, HIT } from '../routing/rules/ask.ts'
import type { FileAsked } from '../routing/rules/ask-file.ts'
import type { AuthAnswer, JsAnswer, PasswordAnswer } from '../routing/rules/asked.ts'
import { makeProgram } from '../routing/rules/program.ts'
import { Run } from '../routing/rules/run.ts'
import type { AnswerSource, RequestSource, RuleWorld } from '../routing/rules/source.ts'
import { readerOf } from '../routing/rules/subject.ts'

/** A rule that was tried. */
export interface Step {
  readonly chain: ChainName
  /** "FILE:LINE". */
  readonly place: string
  /** As it is written. */
  readonly option: string
  readonly text: string
  /** Whether it acted; 'refused': it could not be told, so the request is not let through. */
  matched: boolean | 'refused'
  /** What its pattern was held against; null: absent. Missing where there is no pattern. */
  readonly subject?: string | null
  /** Variables that it wrote. */
  readonly wrote: { readonly name: string; readonly value: string }[]
  /** What it would ask of others, in words, and what was assumed. */
  asked?: string
}

export interface Explained {
  readonly steps: readonly Step[]
  readonly decision: Decision
  /** After it: what its rules left. */
  readonly run: Run
  /** What they answer, if they do. */
  readonly reply: {
    readonly status: number
    readonly reason: string
    readonly fields: readonly string[]
    readonly body: string
  }
}

export interface ExplainInputs {
  readonly picture: Omit<RulesPicture, 'id'>
  readonly rules: readonly RuleText[]
  readonly request: RequestSource
  readonly world: RuleWorld
  /** Whether what would be asked of others is assumed to fail. */
  readonly assumesFailure: boolean
  /** Of a node's answer, for which the error and response rules run; null: none is given. */
  readonly status: number | null
}

const MOST_ASKS = 10_000

/** @throws Error when the rules never end, which is a defect */
export function explainRun(inputs: ExplainInputs): Explained {
  const { picture, request, status } = inputs
  // Without the index each rule is tried.
  const chains = Object.fromEntries(
    Object.entries(picture.chains).map(([name, chain]) => [name, { ...chain, index: null }]),
  )
  const program = makeProgram({ ...picture, chains, id: 1 })
  const run = new Run(inputs.world, program, request)
  const steps: Step[] = []
  const texts = Map.groupBy(inputs.rules, ({ chain }) => chain)
  run.trace = {
    tried: (chain, number, found) => {
      const before = steps.at(-1)
      const text = texts.get(chain)![number]!
      // The second word on a test that had to ask.
      if (before?.asked !== undefined && before.place === placeText(text.place) && before.chain === chain) {
        before.matched = matchedOf(text, found)
        return
      }
      steps.push(stepOf(run, picture, text, number, found))
    },
    wrote: (name, value) => steps.at(-1)?.wrote.push({ name, value }),
  }
  run.begin(program, request)
  let decision = settle(run, run.decide(), steps, inputs)
  if (decision === PASS && status !== null) decision = settle(run, run.judge(answerOf(status)), steps, inputs)
  const reply = { ...run.reply, fields: [...run.reply.fields] } // the final rules use it again
  if (status !== null || decision !== PASS) run.finish()
  return { steps, decision, run, reply }
}

function settle(
  run: Run,
  first: Decision,
  steps: readonly Step[],
  { assumesFailure, world }: ExplainInputs,
): Decision {
  let decision = first
  for (let asks = 0; decision === ASKS; asks++) {
    if (asks > MOST_ASKS) throw new Error('the rules ask without end')
    const ask = run.ask!
    const { words, answer } = assumed(ask, assumesFailure, world)
    const step = steps.at(-1)
    if (step !== undefined && words !== '') step.asked = words
    decision = run.resume(answer)
  }
  return decision
}

function stepOf(
  run: Run,
  { chains }: Omit<RulesPicture, 'id'>,
  text: RuleText,
  number: number,
  found: Found,
): Step {
  const { test } = chains[text.chain]!.rules[number]!
  return {
    chain: text.chain,
    place: placeText(text.place),
    option: ruleOption(text),
    text: text.value,
    matched: matchedOf(text, found),
    ...(test.kind === 'match' ? { subject: readerOf(test.subject)(run) ?? null } : {}),
    wrote: [],
    ...(found === ASK ? { asked: '' } : {}),
  }
}

function matchedOf({ family }: RuleText, found: Found): boolean | 'refused' {
  if (found === BREAK) return 'refused'
  return (found === HIT) !== (family === 'if-not')
}

interface Assumed {
  /** '': it was really asked. */
  readonly words: string
  readonly answer: unknown
}

// Files are looked at: that harms nobody.
function assumed({ kind, data }: Ask, fails: boolean, world: RuleWorld): Assumed {
  if (kind === 'file') {
    const { path, question } = data as FileAsked
    return { words: '', answer: world.file(path, question) }
  }
  const outcome = fails ? 'fails' : 'passes'
  if (kind === 'password') {
    const answer: PasswordAnswer = { kind: fails ? 'wrong' : 'right' }
    return { words: `the password would be checked; assumed: it is ${answer.kind}`, answer }
  }
  if (kind === 'auth') {
    const answer: AuthAnswer = { kind: 'answered', status: fails ? 401 : 200, fields: new Map() }
    return { words: `the service would be asked; assumed: it answers ${answer.status}`, answer }
  }
  const answer: JsAnswer = fails
    ? { kind: 'failed', why: 'assumed' }
    : { kind: 'returned', decision: undefined }
  return { words: `the function would be called; assumed: it ${outcome}`, answer }
}

function answerOf(status: number): AnswerSource {
  return { status, sent: 0, header: () => undefined }
}
