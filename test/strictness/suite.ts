// test/strictness/suite.ts: every case of the tables before a gateway, whole and in pieces: its node sees whole,
// unambiguous requests only, and as many as the gateway says it passed on.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { ToMaster } from '../../base/messages.ts'
import { accessLogPicture, startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { temporaryDirectory } from '../support/tmp.ts'
import { CASES, hasUwsgi, nameOf } from './cases.ts'
import { mustGoOn, problemsOf } from './judge.ts'
import { type RecordingNode, startRecordingNode } from './node.ts'
import { observe } from './observe.ts'
import { OPEN_DEFECTS } from './open-defects.ts'

/** Runs all cases that make sense for nodes of this protocol. */
export async function runCases(t: Test, proto: 'http' | 'uwsgi'): Promise<void> {
  const node = await startRecordingNode(t, proto)
  const log = join(temporaryDirectory(t), 'access.log')
  const gateway = await startGateway(t, [`${proto}://${node.address}`], {
    chunkedInput: true,
    accessLog: accessLogPicture(log, 'json'),
  })
  const counted = countRequests(gateway)
  const bench = { port: gateway.port, node, quietMs: null }
  for (const one of CASES.filter(one => proto === 'http' || hasUwsgi(one))) {
    for (const way of ['whole', 'split'] as const) {
      const problems = problemsOf(one, await observe(bench, one, way, mustGoOn(one)), proto)
      const name = nameOf(one)
      t.same(problems, [], `${name}, ${way}`, { todo: OPEN_DEFECTS[name] ?? false })
    }
  }
  await t.test('the gateway counted each request that its node saw', t => compare(t, log, counted, node))
  t.same(
    gateway.events.filter(({ level }) => level === 'error'),
    [],
    'no defect of ours was met',
  )
}

async function compare(t: Test, log: string, counted: () => number, node: RecordingNode): Promise<void> {
  const lines = () => readFileSync(log, 'utf8').trimEnd().split('\n')
  await until('every request counted is in the log', () => counted() > 0 && counted() === lines().length)
  const entries = lines().map(line => JSON.parse(line) as { node: string; status: number; tries: number })
  // The node refuses nothing: 400 is our own word for a body that broke off on its way.
  const whole = entries.filter(({ node, status }) => node !== '-' && status !== 400)
  t.equal(
    whole.reduce((sum, { tries }) => sum + tries, 0),
    node.seen.length + node.unread,
  )
}

function countRequests(gateway: TestGateway): () => number {
  let count = 0
  gateway.process.on('message', (message: ToMaster) => {
    if (message.kind === 'counters') count += message.counters.requests
  })
  return () => count
}
