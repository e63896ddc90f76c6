// master/to-master.ts: checks what gateways send, where it arrives.
import { z } from 'zod'
import type { ToMaster } from '../base/messages.ts'

const count = z.int().min(0)

const toMaster = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({ kind: z.literal('failed'), problem: z.string() }),
  z.strictObject({ kind: z.literal('applied'), version: count }),
  z.strictObject({ kind: z.literal('reopened') }),
  z.strictObject({
    kind: z.literal('counters'),
    counters: z.strictObject({
      connections: count,
      accepted: count,
      requests: count,
      refused: count,
      nodes: z.array(
        z.strictObject({
          name: z.string(),
          requests: count,
          failures: count,
          restsMs: z.number().min(0),
          cause: z.string(),
          tx: count,
          rx: count,
          inHand: count,
          latencyMs: z.number().min(0),
        }),
      ),
      hits: z.array(z.strictObject({ key: z.string(), hits: count })),
    }),
  }),
  z.strictObject({
    kind: z.literal('limits'),
    reports: z.array(
      z
        .strictObject({
          name: z.string(),
          perSecond: z.number().positive(),
          ms: z.number().positive(),
          keys: z.instanceof(Uint32Array),
          asked: z.instanceof(Uint32Array),
        })
        .refine(({ keys, asked }) => keys.length === 2 * asked.length), // two words a key
    ),
  }),
  z.strictObject({
    kind: z.literal('event'),
    level: z.enum(['info', 'warn', 'error']),
    text: z.string(),
    fields: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
]) satisfies z.ZodType<ToMaster>

/** @returns null for what is no message of ours */
export function readMessage(raw: unknown): ToMaster | null {
  const { data } = toMaster.safeParse(raw)
  return data ?? null
}
