// test/strictness/suite.ts: every case of the tables before a gateway, whole and in pieces: its node sees whole,
// unambiguous requests only, and as many as the gateway says it passed on.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { ToMaster } from '../../base/messages.ts'
import { accessLogPicture, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { startRuled } from '../support/ruled-gateway.ts'
import { temporaryDirectory } from '../support/tmp.ts'
import { CASES, hasUwsgi, nameOf } from './cases.ts'
import { mustGoOn, problemsOf } from './judge.ts'
import { type RecordingNode, startRecordingNode } from './node.ts'
import { observe } from './observe.ts'

// Where there are rules an http node gets the path that they saw.
const CLEANED = /: a path that climbs/

/** Runs all cases that make sense for nodes of this protocol. @param rules route rules that must change no verdict */
export async function runCases(
  t: Test,
  proto: 'http' | 'uwsgi',
  rules: readonly string[] = [],
): Promise<void> {
  const node = await startRecordingNode(t, proto)
  const log = join(temporaryDirectory(t), 'access.log')
  const gateway = await startRuled(t, rules, [`${proto}://${node.address}`], {
    chunkedInput: true,
    accessLog: accessLogPicture(log, 'json'),
    // What rules make of paths is their own matter: see test/gateway/rules/.
    ...(rules.length === 0 ? { rules: 0 } : { mergeSlashes: false, escapedSlash: 'keep' }),
  })
  const counted = countRequests(gateway)
  const bench = { port: gateway.port, node, quietMs: null }
  const isRight = (one: (typeof CASES)[number]): boolean =>
    proto === 'uwsgi' ? hasUwsgi(one) : rules.length === 0 || !CLEANED.test(nameOf(one))
  for (const one of CASES.filter(isRight)) {
    for (const way of rules.length === 0 ? (['whole', 'split'] as const) : (['whole'] as const)) {
      const problems = problemsOf(one, await observe(bench, one, way, mustGoOn(one)), proto)
      t.same(problems, [], `${nameOf(one)}, ${way}`)
    }
  }
  await t.test('the gateway counted each request that its node saw', t =>
    compare(t, proto, log, counted, node),
  )
  t.same(
    gateway.events.filter(({ level }) => level === 'error'),
    [],
    'no defect of ours was met',
  )
}

async function compare(
  t: Test,
  proto: 'http' | 'uwsgi',
  log: string,
  counted: () => number,
  node: RecordingNode,
): Promise<void> {
  const lines = () => readFileSync(log, 'utf8').trimEnd().split('\n')
  await until('every request counted is in the log', () => counted() > 0 && counted() === lines().length)
  const entries = lines().map(line => JSON.parse(line) as Entry)
  // The node refuses nothing: 400 is our own word for a body that broke off on its way.
  const whole = entries.filter(({ node, status }) => node !== '-' && status !== 400)
  const ours = whole.flatMap(entry => Array.from({ length: entry.tries }, () => requestOf(entry, proto)))
  const nodes = [...node.seen.map(({ said }) => said.split(' ', 2).join(' ')), ...node.unread]
  t.same(difference(nodes, ours), [], 'the node saw no request that the gateway did not count')
  t.same(difference(ours, nodes), [], 'the gateway counted no request that the node did not see')
}

interface Entry {
  readonly method: string
  readonly target: string
  readonly node: string
  readonly status: number
  readonly tries: number
}

// As the node names it: http nodes get the origin form.
function requestOf({ method, target }: Entry, proto: 'http' | 'uwsgi'): string {
  if (proto === 'uwsgi' || !/^https?:/i.test(target)) return `${method} ${target}`
  const rest = target.replace(/^https?:\/\/[^/?]*/i, '')
  return `${method} ${rest.startsWith('/') ? '' : method === 'OPTIONS' && rest === '' ? '*' : '/'}${rest}`
}

// What is in `a` more often than in `b`.
function difference(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const one of b) left.set(one, (left.get(one) ?? 0) + 1)
  return a.filter(one => {
    const count = left.get(one) ?? 0
    left.set(one, count - 1)
    return count <= 0
  })
}

function countRequests(gateway: TestGateway): () => number {
  let count = 0
  gateway.process.on('message', (message: ToMaster) => {
    if (message.kind === 'counters') count += message.counters.requests
  })
  return () => count
}
