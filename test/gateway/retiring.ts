// test/gateway/retiring.ts: gateways that are told to retire, for the tests of what their clients see of it.
import { once } from 'node:events'
import type { Test } from 'tap'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type RawConnection, type Script, startRawNode } from '../support/raw-node.ts'

/** Longer than any of these tests. */
export const GRACE_MS = 15_000
/** In the head of an answer that is the last of its connection. */
export const LAST = /^Connection: close$/m

/** Answers each request with its target. */
export const echo: Script = async connection => {
  for (;;) {
    const head = await connection.head()
    await connection.bytes(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0))
    await connection.send(answer(head.split(' ')[1]!))
  }
}

/** Tells a gateway to retire; resolves once it does. `exited` says when its process has ended, and how. */
export async function retire(
  t: Test,
  gateway: TestGateway,
  graceMs = GRACE_MS,
  witness?: RawConnection,
): Promise<{ exited: Promise<{ code: number; afterMs: number }> }> {
  // TRACE is refused without a node; that answer shows whether connections are kept.
  const client = witness ?? (await connectRaw(t, gateway))
  const isKept = async (): Promise<boolean> => {
    await client.send(request('TRACE /'))
    return !LAST.test((await readAnswer(client)).head)
  }
  t.ok(await isKept(), 'it, and who connected before, was accepted')
  const startedAt = performance.now()
  const exited = once(gateway.process, 'exit').then(([code]: number[]) => {
    return { code: code!, afterMs: performance.now() - startedAt }
  })
  gateway.process.send({ kind: 'retire', graceMs })
  await until('it retires', async () => !(await isKept()))
  await client.end()
  client.finish()
  return { exited }
}

/** A gateway with an echoing node. */
export async function echoing(t: Test): Promise<TestGateway> {
  const node = await startRawNode(t, { script: echo })
  return startGateway(t, [`http://${node.address}`])
}

/** A connection that has had an answer and waits. */
export async function kept(t: Test, gateway: TestGateway): Promise<RawConnection> {
  const client = await connectRaw(t, gateway, request('GET /first'))
  t.notMatch((await readAnswer(client)).head, LAST)
  return client
}

/** The next answer is this, it is the last, and the connection ends in peace. */
export async function isLast(t: Test, client: RawConnection, body: string): Promise<void> {
  const answer = await readAnswer(client)
  t.equal(answer.body, body)
  t.match(answer.head, LAST)
  await client.end()
  t.ok(client.hasEnded, 'by a FIN')
  client.finish()
}

/** A request in hand, at a node that the test drives. */
export async function inHand(
  t: Test,
  text: string,
): Promise<{ gateway: TestGateway; client: RawConnection; atNode: RawConnection }> {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, text)
  const atNode = await node.next()
  await atNode.head()
  return { gateway, client, atNode }
}
