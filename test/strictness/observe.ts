// test/strictness/observe.ts: runs one case before a gateway, and notes what the client got and what the node saw.
import { connectRaw } from '../support/raw-client.ts'
import type { RawConnection } from '../support/raw-node.ts'
import { type Case, isRequestCase } from './cases.ts'
import type { RecordingNode } from './node.ts'
import { sendPieces } from './pieces.ts'
import { type Reading, readAnswers, type SeenAnswer, type SeenRequest } from './reader.ts'

export type Way = 'whole' | 'split'

/** A gateway with a node of its own. */
export interface Bench {
  readonly port: number
  readonly node: RecordingNode
  /** A case is over when nothing moved for so many milliseconds; null: when all has come that is demanded. */
  readonly quietMs: number | null
}

export interface Observation {
  /** All bytes that the client got, and the answers in them. */
  readonly received: string
  readonly answers: readonly SeenAnswer[]
  readonly interim: readonly number[]
  readonly clientFlaw: string
  /** Bytes behind the last whole answer. */
  readonly rest: number
  readonly end: 'fin' | 'reset' | 'open'
  readonly seen: readonly SeenRequest[]
  readonly nodeFlaws: readonly string[]
  /** '' or what is wrong with the answer to another request: on the same connection, where it goes on, or a new one. */
  readonly keptProbe: string
  readonly freshProbe: string
  /** Another request came to the node on the connection that the case's answer came from. */
  readonly isReused: boolean
}

const LIMIT_MS = 8_000
const OWN = { teardown: () => {} } // connections end here, not with the test

let probes = 0

export async function observe(bench: Bench, one: Case, way: Way, goesOn: boolean): Promise<Observation> {
  const { node } = bench
  const seenBefore = node.seen.length
  const flawsBefore = node.flaws.length
  node.plan = isRequestCase(one) ? null : one
  node.splits = way === 'split'
  const client = await connectRaw(OWN, { port: bench.port })
  const methods = methodsOf(one)
  const reading = () => readAnswers(client.received, methods, client.hasEnded)
  if (way === 'split') await sendPieces(client, one.send)
  else await client.send(one.send)
  if (isRequestCase(one) && one.finishes) client.finish()
  const isHere = bench.quietMs === null ? () => isExpected(one, client, reading()) : () => client.hasEnded
  await come(client, bench.quietMs ?? LIMIT_MS, isHere)
  if (!isRequestCase(one) && one.late !== '' && reading().messages.length > 0) await within(node.sendLate())
  if (!isRequestCase(one) && one.rest !== '' && !client.isClosed) {
    await client.send(one.rest)
    await come(client, bench.quietMs ?? LIMIT_MS, () => client.hasEnded)
  }
  const keptProbe = goesOn && !client.hasEnded ? await probe(bench, client) : ''
  const freshProbe = await probe(bench, await connectRaw(OWN, { port: bench.port }))
  const { messages, flaw, end } = reading()
  const observation: Observation = {
    received: client.received,
    answers: messages.filter(({ status, body }) => status >= 200 && !body.startsWith('GET /probe')),
    interim: messages.map(({ status }) => status).filter(status => status < 200),
    clientFlaw: flaw,
    rest: client.received.length - end,
    end: client.hasEnded ? 'fin' : client.isClosed ? 'reset' : 'open',
    keptProbe:
      goesOn && keptProbe === '' && client.hasEnded && !client.received.includes('/probe')
        ? 'closed'
        : keptProbe,
    freshProbe,
    isReused: false,
    seen: [],
    nodeFlaws: [],
  }
  client.reset()
  await within(node.settled())
  const all = node.seen.slice(seenBefore)
  const isProbe = ({ said }: SeenRequest): boolean => said.startsWith('GET /probe')
  const last = all.findLast(request => !isProbe(request))
  return {
    ...observation,
    isReused: all.some(request => isProbe(request) && request.connection === last?.connection),
    seen: all.filter(request => !isProbe(request)),
    nodeFlaws: node.flaws.slice(flawsBefore),
  }
}

function isExpected(one: Case, client: RawConnection, { messages, flaw }: Reading<SeenAnswer>): boolean {
  if (client.hasEnded || flaw !== '') return true // nothing more can come of it
  const finals = messages.filter(({ status }) => status >= 200).length
  if (!isRequestCase(one)) return finals > 0
  return finals >= one.answers.length + (one.ends === 'kept' ? 0 : 1) // one too many: it will not close
}

// Of the case's requests; the last stands for what is asked behind them.
function methodsOf(one: Case): string[] {
  const count = isRequestCase(one) ? one.answers.length : 1
  return one.asks === 'HEAD' ? [...Array.from({ length: count }, () => 'HEAD'), 'GET'] : ['GET']
}

// Another request must get its own answer.
async function probe(bench: Bench, client: RawConnection): Promise<string> {
  const target = `/probe${probes++}`
  const from = client.received.length
  const reading = () => readAnswers(client.received.slice(from), ['GET'], client.hasEnded)
  await client.send(`GET ${target} HTTP/1.1\r\nHost: probe.test\r\n\r\n`)
  const limitMs = bench.quietMs === null ? LIMIT_MS : bench.quietMs * 4
  await come(client, limitMs, () => client.hasEnded || reading().messages.some(({ status }) => status >= 200))
  const { messages, flaw } = reading()
  const answer = messages.at(-1)
  if (from === 0) client.reset()
  if (flaw !== '') return flaw
  if (answer === undefined) return 'no answer'
  return answer.status === 200 && answer.body === `GET ${target}`
    ? ''
    : `${answer.status} ${answer.body.slice(0, 80)}`
}

// Until it is there, or the connection is gone, or nothing moved for so long.
function come(client: RawConnection, quietMs: number, isHere: () => boolean): Promise<void> {
  return new Promise(resolve => {
    const { socket } = client
    const look = (): void => {
      if (client.isClosed || isHere()) stop()
      else timer.refresh()
    }
    const stop = (): void => {
      clearTimeout(timer)
      for (const event of ['data', 'end', 'close']) socket.off(event, look)
      resolve()
    }
    const timer = setTimeout(stop, quietMs)
    for (const event of ['data', 'end', 'close']) socket.on(event, look)
    look()
  })
}

async function within(event: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(() => resolve(), LIMIT_MS)
  })
  await Promise.race([event, late])
  clearTimeout(timer)
}
