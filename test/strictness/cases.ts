// test/strictness/cases.ts: all tables together.
import { ANSWERS } from './answers.ts'
import type { AnswerCase, RequestCase } from './case.ts'
import { REQUEST_CHUNKS } from './request-chunks.ts'
import { REQUEST_FIELDS } from './request-fields.ts'
import { REQUEST_FRAMING } from './request-framing.ts'
import { REQUEST_PROTOCOL } from './request-protocol.ts'
import { REQUEST_TARGETS } from './request-targets.ts'

export type Case = RequestCase | AnswerCase

export const CASES: readonly Case[] = [
  ...REQUEST_FRAMING,
  ...REQUEST_CHUNKS,
  ...REQUEST_TARGETS,
  ...REQUEST_FIELDS,
  ...REQUEST_PROTOCOL,
  ...ANSWERS,
]

export function nameOf({ topic, name }: Case): string {
  return `${topic}: ${name}`
}

/** Whether the client's bytes are the case, not the node's. */
export function isRequestCase(one: Case): one is RequestCase {
  return 'answers' in one
}

/** Whether it makes sense for uwsgi nodes. */
export function hasUwsgi(one: Case): boolean {
  return isRequestCase(one) ? one.uwsgiSeen !== false : one.hasUwsgi
}
