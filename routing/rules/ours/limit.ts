// routing/rules/ours/limit.ts: limit and max-inflight: how often, and how many at once.

import type { RulePicture } from '../../../base/rules-picture.ts'
import { reasonOf } from '../../../base/status-text.ts'
import type { Limit } from '../../limit/limits.ts'
import { type ActionKind, REQUEST_ONLY, type Reading, WrongRule } from '../action.ts'
import { answer } from '../actions/replies.ts'
import { readCount, readPairs, readStatus } from '../arguments.ts'
import { BREAK, type Code, NEXT } from '../ask.ts'
import type { Run } from '../run.ts'
import { readTemplate, type Template, type Text, textOf } from '../template.ts'

const PER_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 }
const MOST_SECONDS = 3_600

interface LimitData {
  readonly perSecond: number
  readonly burst: number
  /** null: the client's address. */
  readonly key: Template | null
  /** '': of this rule alone. */
  readonly name: string
  readonly status: number
}

const limit: ActionKind<LimitData> = {
  names: ['limit'],
  ours: true,
  syntax: 'rate=N/s|N/m|N/h[,burst=N][,key=TEXT][,name=NAME][,status=CODE]',
  doc:
    'Lets a key have so many requests in a time, all gateways together, and answers 429 with Retry-After to those ' +
    'beyond. The key is the address of the client unless one is given. "burst" requests may come at once: those of ' +
    'one second, and at least 1, unless it is given. Rules of one name have one rate and share their counts, and the counts of a name ' +
    'outlive a reload that moves the rule.',
  chains: REQUEST_ONLY,
  read(args, reading) {
    const { rate, burst, ...rest } = readPairs(args, ['rate', 'burst', 'key', 'name', 'status'])
    const perSecond = readRate(rate)
    return {
      perSecond,
      burst: burst === undefined ? Math.max(1, perSecond) : atLeastOne(burst, 'number of requests'),
      ...readCommon(rest, reading),
    }
  },
  make({ perSecond, burst, key, name, status }, { place }) {
    const rule: Limit = { name: name || place, perSecond, burst }
    const text = keyOf(key)
    return run => {
      const { ours } = run.world
      const waitMs = ours.limits.take(rule, text(run), ours.now())
      return waitMs === 0 ? NEXT : tooMany(run, status, waitMs / 1_000)
    }
  },
}

interface InFlightData {
  readonly max: number
  readonly key: Template | null
  readonly name: string
  readonly status: number
}

const maxInFlight: ActionKind<InFlightData> = {
  names: ['max-inflight'],
  ours: true,
  syntax: 'max=N[,key=TEXT][,name=NAME][,status=CODE]',
  doc:
    'Lets a key have so many requests in hand at once, and answers 429 to those beyond. Each gateway takes its part ' +
    'of them, rounded up. The key is the address of the client unless one is given.',
  chains: REQUEST_ONLY,
  read(args, reading) {
    const { max, ...rest } = readPairs(args, ['max', 'key', 'name', 'status'])
    if (max === undefined) throw new WrongRule('"max" is missing', 'Write max=N')
    return { max: atLeastOne(max, 'number of requests'), ...readCommon(rest, reading) }
  },
  make({ max, key, name, status }, { place }) {
    const own = name || place
    const text = keyOf(key)
    return run => {
      const { ours } = run.world
      const hold = ours.inFlight.take(own, text(run), Math.ceil(max / ours.gateways))
      if (hold === null) return tooMany(run, status, 1)
      run.hold(hold)
      return NEXT
    }
  },
}

/** Whose counts outlive other rules; null: it limits no rate. */
export function limitName({ place, action }: RulePicture): string | null {
  return action.name === 'limit' ? (action.data as LimitData).name || place : null
}

/**
 * Rules that share a name but not its rate: whichever a request met last would be in force.
 *
 * @returns number of each, with that of the first rule of its name
 */
export function unlikeLimits(rules: readonly RulePicture[]): readonly (readonly [number, number])[] {
  const firsts = new Map<string, number>()
  const unlike: (readonly [number, number])[] = []
  for (const [number, { action }] of rules.entries()) {
    if (action.name !== 'limit') continue
    const { name, perSecond, burst } = action.data as LimitData
    if (name === '') continue
    const first = firsts.get(name)
    if (first === undefined) {
      firsts.set(name, number)
      continue
    }
    const other = rules[first]!.action.data as LimitData
    if (other.perSecond !== perSecond || other.burst !== burst) unlike.push([number, first])
  }
  return unlike
}

function readRate(text: string | undefined): number {
  const [, count, unit = 's'] = /^(\d{1,7})(?:r)?\/([smh])$/.exec(text ?? '') ?? []
  if (count === undefined || Number(count) === 0) {
    throw new WrongRule(`"${text ?? ''}" is no rate`, 'Write rate=10/s, rate=600/m or rate=5/h')
  }
  return Number(count) / PER_SECONDS[unit]!
}

function readCommon(
  { key, name, status }: { key?: string; name?: string; status?: string },
  reading: Reading,
): { key: Template | null; name: string; status: number } {
  return {
    key: key === undefined ? null : readTemplate(key, reading),
    name: name ?? '',
    status: readStatus(status ?? '429'),
  }
}

// Its own address, whatever http-var or a rule made of REMOTE_ADDR.
function keyOf(key: Template | null): Text {
  return key === null ? ({ source }) => source.client : textOf(key)
}

function atLeastOne(text: string, what: string): number {
  const count = readCount(text, what)
  if (count === 0) throw new WrongRule(`with 0 no request would pass`, 'Give 1 or more, or use return:429')
  return count
}

function tooMany(run: Run, status: number, seconds: number): Code {
  answer(run, status, '', 'text/plain', reasonOf(status))
  run.reply.fields.push(`Retry-After: ${Math.min(MOST_SECONDS, Math.max(1, Math.ceil(seconds)))}`)
  return BREAK
}

export const limitActions: readonly ActionKind[] = [limit, maxInFlight]
