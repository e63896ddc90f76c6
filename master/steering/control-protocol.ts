// master/steering/control-protocol.ts: what `sluice reload`, `stop`, `status` and `why` say to a master through its control socket:
// a line of JSON, answered by a line of JSON.
import { z } from 'zod'
import { POLICIES } from '../../base/policy.ts'
import type { ReloadReport, Status } from '../controls.ts'
import { NODE_STATES, WAYS, type WhyReport } from '../why.ts'

/** Of a request, its line break included. */
export const LONGEST_REQUEST = 4096
/** Of an answer: a reload report may name every node. */
export const LONGEST_ANSWER = 16 * 2 ** 20
/** Of what `why` asks about, in characters. */
export const LONGEST_KEY = 1000

const request = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('reload'), replace: z.boolean().default(false) }),
  z.strictObject({ command: z.literal('stop'), now: z.boolean().default(false) }),
  z.strictObject({ command: z.literal('status') }),
  z.strictObject({ command: z.literal('why'), key: z.string().min(1).max(LONGEST_KEY) }),
])
export type ControlRequest = z.infer<typeof request>

const texts = z.array(z.string())
const count = z.number()
const report = z.object({
  kind: z.enum(['in place', 'new generation', 'unchanged', 'refused', 'stopping']),
  changes: texts,
  reasons: texts,
  warnings: texts,
  problem: z.string(),
  tookMs: z.number(),
}) satisfies z.ZodType<ReloadReport>

const status = z.object({
  version: z.string(),
  pid: count,
  startedAt: count,
  isPaused: z.boolean(),
  files: texts,
  listeners: texts,
  reloads: count,
  gateways: z.array(
    z.object({ pid: count, state: z.enum(['starting', 'serving', 'retiring']), connections: count }),
  ),
  counters: z.object({ connections: count, accepted: count, requests: count, refused: count }),
  nodes: z.array(z.object({ name: z.string(), requests: count, failures: count, isResting: z.boolean() })),
  announcements: z
    .object({
      taken: count,
      refused: count,
      reasons: z.array(z.object({ reason: z.string(), count })),
      senders: z.array(z.object({ source: z.string(), count })),
    })
    .nullable(),
}) satisfies z.ZodType<Status>

const ms = z.number().nullable()
const why = z.object({
  asked: z.string(),
  way: z.enum(WAYS),
  key: z.string(),
  meanwhile: z.string(),
  policy: z.enum(POLICIES),
  policyFrom: z.enum(['balance', 'announcement', 'subscription-algo', 'default']),
  lastMinute: count,
  nodes: z.array(
    z.object({
      name: z.string(),
      origin: z.string(),
      state: z.enum(NODE_STATES),
      sinceMs: ms,
      endsInMs: ms,
      why: z.string(),
      weight: count,
      backup: count,
      limit: count,
      inHand: count,
      latencyMs: count,
      lastMinute: count,
      share: count,
      requests: count,
      failures: count,
    }),
  ),
  refused: z.array(z.object({ why: z.string(), count, source: z.string(), remedy: z.string() })),
  keys: texts,
  keyCount: count,
  servers: texts.default([]), // an instance that was started before this was told
}) satisfies z.ZodType<WhyReport>

const answer = z.union([
  z.object({ ok: z.literal(true), report }),
  z.object({ ok: z.literal(true), status }),
  z.object({ ok: z.literal(true), why }),
  z.object({ ok: z.literal(true), stopping: z.literal(true) }),
  z.object({ ok: z.literal(false), problem: z.string() }),
]) satisfies z.ZodType<ControlAnswer>

export type ControlAnswer =
  | { readonly ok: true; readonly report: ReloadReport }
  | { readonly ok: true; readonly status: Status }
  | { readonly ok: true; readonly why: WhyReport }
  /** The connection closes when the master is gone. */
  | { readonly ok: true; readonly stopping: true }
  | { readonly ok: false; readonly problem: string }

/** @returns the request, or in words what is wrong with the line */
export function readRequest(line: string): ControlRequest | string {
  const read = request.safeParse(parsed(line))
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  return `not understood: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`
}

/** @returns null for what no master of this version says */
export function readAnswer(line: string): ControlAnswer | null {
  return answer.safeParse(parsed(line)).data ?? null
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
