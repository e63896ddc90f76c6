// test/strictness/verdict.ts: what any gateway made of a case, whatever it was meant to: for the comparison of several.
import type { AnswerCase, RequestCase } from './case.ts'
import { type Case, isRequestCase } from './cases.ts'
import type { Observation } from './observe.ts'

/** From the best to the worst. */
export const VERDICTS = ['refused', 'clean', 'unclean', 'ambiguous'] as const
export type VerdictKind = (typeof VERDICTS)[number]

export interface Verdict {
  readonly kind: VerdictKind
  /** What was unclean or ambiguous. */
  readonly reason: string
}

export function verdictOn(one: Case, seen: Observation): Verdict {
  return isRequestCase(one) ? onRequest(one, seen) : onAnswer(one, seen)
}

/** The worse of two. */
export function worse(a: Verdict, b: Verdict): Verdict {
  return VERDICTS.indexOf(b.kind) > VERDICTS.indexOf(a.kind) ? b : a
}

function onRequest(one: RequestCase, seen: Observation): Verdict {
  const [flaw] = seen.nodeFlaws
  if (flaw !== undefined) return flawed(`the node got ${flaw}`)
  if (seen.freshProbe !== '') return ambiguous(`another client's request: ${seen.freshProbe}`)
  if (seen.seen.length === 0) return { kind: 'refused', reason: '' }
  if (seen.clientFlaw !== '') return flawed(`the client got ${seen.clientFlaw}`)
  const answered = seen.answers.filter(({ status }) => status === 200)
  // A gateway may cancel what a client that sent FIN waits for.
  if (one.finishes && seen.seen.length > 0 && answered.length < one.seen.length)
    return { kind: 'unclean', reason: 'left without an answer behind the FIN' }
  // Closing on bytes that were not read takes the answer with it; that says nothing about what the gateway saw.
  const isLost =
    seen.end === 'reset' && seen.seen.every(({ said }) => one.seen.includes(said) || !/smuggled/.test(said))
  if (isLost && seen.seen.length > answered.length)
    return { kind: 'unclean', reason: 'an answer was lost in a reset' }
  if (seen.seen.length > answered.length)
    return ambiguous(`the node saw ${seen.seen.length} requests, the client got ${answered.length} answers`)
  const isMixed =
    one.asks !== 'HEAD' &&
    !isInOrder(
      answered.map(({ body }) => body),
      seen.seen.map(({ said }) => said),
    )
  if (isMixed) return ambiguous('the client got an answer that the node did not give to its request')
  const heads = seen.seen.map(({ head }) => head).join('')
  const match = one.never?.exec(heads)
  if (match) return { kind: 'unclean', reason: `the node got "${match[0].trim()}"` }
  return { kind: 'clean', reason: '' }
}

// Whether all of `some` are in `all`, in that order: a gateway may ask a node twice.
function isInOrder(some: readonly string[], all: readonly string[]): boolean {
  let at = 0
  return some.every(one => {
    at = all.indexOf(one, at) + 1
    return at > 0
  })
}

function onAnswer(one: AnswerCase, seen: Observation): Verdict {
  const whole = seen.answers
  if (seen.freshProbe !== '') return ambiguous(`another client's request: ${seen.freshProbe}`)
  if (whole.every(({ status }) => status >= 500) && seen.clientFlaw === '')
    return { kind: 'refused', reason: '' }
  if (seen.clientFlaw !== '') return flawed(`the client got ${seen.clientFlaw}`)
  if (one.isCut) return ambiguous('a cut answer looks whole')
  if (whole.length > 1) return ambiguous('the client got two answers')
  const match = one.never?.exec(seen.received)
  if (match) return { kind: 'unclean', reason: `the client got "${match[0].trim()}"` }
  const [{ status, body }] = whole as [(typeof whole)[number]]
  const got = `${status}${body === '' ? '' : ` ${body}`}`
  const isOther = typeof one.gets === 'string' && one.gets !== 'refused' && got !== one.gets
  return isOther
    ? { kind: 'unclean', reason: `the client got "${got.slice(0, 40)}"` }
    : { kind: 'clean', reason: '' }
}

// An odd Host or status line is wrong, but moves no message's end.
function flawed(reason: string): Verdict {
  return / got (?:Host|\d+ Host|status line)/.test(reason) ? { kind: 'unclean', reason } : ambiguous(reason)
}

function ambiguous(reason: string): Verdict {
  return { kind: 'ambiguous', reason }
}
