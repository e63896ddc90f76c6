// test/strictness/node.ts: a node that records what it gets, judged by the strict reader, and answers as a case says.
import { type RawConnection, type RawNode, startRawNode } from '../support/raw-node.ts'
import type { Test } from '../support/tmp.ts'
import { decodePacket, packetEnd } from '../support/uwsgi-packet.ts'
import type { AnswerCase } from './case.ts'
import { sendPieces } from './pieces.ts'
import { readPackets, readRequests, type SeenRequest } from './reader.ts'

export interface NumberedRequest extends SeenRequest {
  /** On which of the node's connections it came. */
  readonly connection: number
}

export interface RecordingNode {
  readonly address: string
  /** Every request that came whole, in the order of their coming. */
  readonly seen: NumberedRequest[]
  /** Requests that were answered early and never came whole: "POST /r". */
  readonly unread: string[]
  /** Every message that readers could understand differently. */
  readonly flaws: string[]
  /** How to answer what is asked for by "/r"; all else is answered 200 with what was said. */
  plan: AnswerCase | null
  /** Answers leave in small pieces. */
  splits: boolean
  /** Sends the bytes that the plan has for later, and waits until the other side leaves. */
  sendLate(): Promise<void>
  /** Resolves once no connection stands in the middle of a request. */
  settled(): Promise<void>
}

/** Starts it; it stops with the test. */
export async function startRecordingNode(t: Test, proto: 'http' | 'uwsgi'): Promise<RecordingNode> {
  const half = new Set<RawConnection>() // with bytes of a request that is not whole
  const waiting: (() => void)[] = []
  let lateFor: RawConnection | null = null
  const settle = (): void => {
    if (half.size === 0) for (const wake of waiting.splice(0)) wake()
  }
  const raw: RawNode = await startRawNode(t, {
    script: async (connection, index) => {
      const read = proto === 'http' ? readRequests : readPackets
      let text = ''
      let answeredEarly = ''
      let isFlawed = false
      let answers = Promise.resolve()
      connection.socket.on('data', (bytes: Buffer) => {
        if (isFlawed) return
        text += bytes.toString('latin1')
        const early = node.plan?.isEarly && answeredEarly === '' ? plannedHead(text, proto) : ''
        if (early !== '') {
          answeredEarly = early
          answers = answers.then(() => answerByPlan(connection, node.plan!))
        }
        const { messages, end, flaw } = read(text)
        text = text.slice(end)
        for (const message of messages) {
          node.seen.push({ ...message, connection: index })
          const isAnswered = answeredEarly !== '' && isPlanned(message)
          if (isAnswered) answeredEarly = ''
          else answers = answers.then(() => answer(connection, message))
        }
        if (flaw !== '') {
          isFlawed = true
          text = ''
          node.flaws.push(flaw)
          answers = answers.then(() =>
            send(connection, 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
          )
          answers.then(() => connection.finish())
        }
        if (text === '') half.delete(connection)
        else half.add(connection)
        settle()
      })
      const leave = (): void => {
        half.delete(connection)
        settle()
      }
      connection.socket.on('end', () => {
        leave()
        answers.then(() => connection.finish())
      })
      connection.socket.on('close', () => {
        if (answeredEarly !== '') node.unread.push(answeredEarly)
        leave()
      })
    },
  })

  async function answer(connection: RawConnection, message: SeenRequest): Promise<void> {
    if (node.plan !== null && isPlanned(message)) return answerByPlan(connection, node.plan)
    // A probe's connection is closed, so that no connection lives long enough to fill the memory with its record.
    const isLast = proto === 'uwsgi' || message.said.startsWith('GET /probe')
    const body = message.said.startsWith('HEAD ') ? '' : message.said
    const says = isLast ? 'Connection: close\r\n' : ''
    await send(connection, `HTTP/1.1 200 OK\r\nContent-Length: ${message.said.length}\r\n${says}\r\n${body}`)
    if (isLast) connection.finish()
  }

  async function answerByPlan(connection: RawConnection, plan: AnswerCase): Promise<void> {
    const { reply, excess, after } = plan
    if (plan.late !== '') lateFor = connection
    if (node.splits && reply !== '') {
      await sendPieces(connection, reply.slice(0, -1))
      await send(connection, reply.slice(-1) + excess)
    } else await send(connection, reply + excess)
    if (after === 'reset') connection.reset()
    else if (after === 'fin' || proto === 'uwsgi') connection.finish()
  }

  const node: RecordingNode = {
    address: raw.address,
    seen: [],
    flaws: [],
    unread: [],
    plan: null,
    splits: false,
    async sendLate() {
      await send(lateFor!, node.plan!.late)
      await lateFor!.end()
    },
    async settled() {
      if (half.size > 0) await new Promise<void>(resolve => waiting.push(resolve))
    },
  }
  return node
}

// "POST /r" when the head of such a request is there, its body or not.
function plannedHead(text: string, proto: 'http' | 'uwsgi'): string {
  if (proto === 'http') return /^([A-Z]+ \/r) HTTP\/1\.1\r\n[\s\S]*?\r\n\r\n/.exec(text)?.[1] ?? ''
  const bytes = Buffer.from(text, 'latin1')
  const end = packetEnd(bytes)
  if (end < 0) return ''
  const packet = decodePacket(bytes.subarray(0, end))
  return packet.get('REQUEST_URI') === '/r' ? `${packet.get('REQUEST_METHOD')} /r` : ''
}

function isPlanned({ said }: SeenRequest): boolean {
  return /^[A-Z]+ \/r(?: |$)/.test(said)
}

async function send(connection: RawConnection, text: string): Promise<void> {
  if (text !== '' && !connection.isClosed) await connection.send(text)
}
