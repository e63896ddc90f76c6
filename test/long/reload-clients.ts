// test/long/reload-clients.ts: the kinds of clients of a load: kept, fresh, slow, idle, up, down, and a WebSocket.
import { createHash } from 'node:crypto'
// sleeps: a load has its pace
import { setTimeout as pause } from 'node:timers/promises'
import { type Ask, ClientConnection, type Outcome } from './reload-connection.ts'
import type { Fault, Tally } from './reload-tally.ts'
import { webSocket } from './reload-tunnel.ts'

/** How many clients of each kind; milliseconds between the requests of one. */
export interface LoadPlan {
  readonly port: number
  readonly kept: number
  readonly keptEveryMs: number
  readonly fresh: number
  readonly freshEveryMs: number
  /** Send head and body in small pieces. */
  readonly slowWriters: number
  /** Read 1 MB with pauses. */
  readonly slowReaders: number
  /** Send something on a kept connection now and then. */
  readonly idle: number
  readonly idleEveryMs: number
  /** 1 MB each, half a second long. */
  readonly uploads: number
  readonly downloads: number
  readonly webSockets: number
}

/** What all clients of a load share. */
export interface LoadState {
  readonly plan: LoadPlan
  readonly tally: Tally
  /** Version of the config to which the node on a port belongs. */
  readonly versions: ReadonlyMap<number, number>
  /** Versions that may answer a request which begins now: the one in force, and the one that is being loaded. */
  least: number
  most: number
  isOver: boolean
  areTunnelsOver: boolean
}

type Check = (body: string) => boolean

/** Bytes of an upload and of a download. */
export const BIG_BYTES = 1_048_576
/** What a download holds, over and over. */
export const BLOCK = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 31 + (i >> 8)) & 255))
const BIG = Buffer.concat(Array.from({ length: BIG_BYTES / BLOCK.length }, () => BLOCK))
const BIG_SHA1 = sha1(BIG)
const SMALL = Buffer.from('0123456789abcdef'.repeat(64))
const SMALL_SHA1 = sha1(SMALL)
const AT_ONCE = { pauseMs: 0, headPiece: 0, bodyPiece: 0, readPauseMs: 0 }

/** Starts every client. @returns when all have finished their last request after the load was declared over */
export async function runClients(state: LoadState): Promise<void> {
  const { plan } = state
  const runs: [count: number, run: (state: LoadState, index: number, count: number) => Promise<void>][] = [
    [plan.kept, kept],
    [plan.fresh, fresh],
    [plan.slowWriters, slowWriter],
    [plan.slowReaders, slowReader],
    [plan.idle, idle],
    [plan.uploads, upload],
    [plan.downloads, download],
    [plan.webSockets, webSocket],
  ]
  await Promise.all(
    runs.flatMap(([count, run]) => Array.from({ length: count }, (_, index) => run(state, index, count))),
  )
}

async function kept(state: LoadState, index: number, count: number): Promise<void> {
  const line = new KeptLine(state, 'kept')
  await paced(state, state.plan.keptEveryMs, index / count, dueAt => line.small(dueAt))
  line.close()
}

async function fresh(state: LoadState, index: number, count: number): Promise<void> {
  await paced(state, state.plan.freshEveryMs, index / count, async dueAt => {
    const line = new KeptLine(state, 'fresh')
    await line.small(dueAt)
    line.close()
  })
}

async function idle(state: LoadState, index: number, count: number): Promise<void> {
  const line = new KeptLine(state, 'idle')
  await paced(state, state.plan.idleEveryMs, index / count, dueAt => line.small(dueAt))
  line.close()
}

async function slowWriter(state: LoadState): Promise<void> {
  const line = new KeptLine(state, 'slow writer')
  while (!state.isOver) {
    const slowly = { pauseMs: 40, headPiece: 9, bodyPiece: 64, readPauseMs: 0 }
    await line.send('POST', 'up', SMALL, slowly, body => body.endsWith(SMALL_SHA1), null)
  }
  line.close()
}

async function slowReader(state: LoadState): Promise<void> {
  const line = new KeptLine(state, 'slow reader')
  while (!state.isOver)
    await line.send('GET', 'flood', null, { ...AT_ONCE, readPauseMs: 60 }, body => body === BIG_SHA1, null)
  line.close()
}

async function upload(state: LoadState): Promise<void> {
  const line = new KeptLine(state, 'upload')
  while (!state.isOver) {
    const inPieces = { pauseMs: 30, headPiece: 0, bodyPiece: BLOCK.length, readPauseMs: 0 }
    await line.send('POST', 'up', BIG, inPieces, body => body.endsWith(BIG_SHA1), null)
  }
  line.close()
}

async function download(state: LoadState): Promise<void> {
  const line = new KeptLine(state, 'download')
  while (!state.isOver) await line.send('GET', 'down', null, AT_ONCE, body => body === BIG_SHA1, null)
  line.close()
}

/** Requests one after the other, on one connection as long as it lasts. */
class KeptLine {
  readonly #state: LoadState
  readonly #kind: string
  #connection: ClientConnection | null = null
  #requests = 0

  constructor(state: LoadState, kind: string) {
    this.#state = state
    this.#kind = kind
  }

  close(): void {
    this.#connection?.close()
  }

  /** A small request. @param sinceMs from when on the client wanted it */
  small(sinceMs: number): Promise<void> {
    const id = `${this.#kind}-${this.#requests}-${Math.trunc(sinceMs * 1000)}`
    return this.send('GET', 'small', null, AT_ONCE, body => body === id, sinceMs, id)
  }

  async send(
    method: string,
    act: string,
    body: Buffer | null,
    way: Omit<Ask, 'head' | 'body'>,
    isRight: Check,
    sinceMs: number | null,
    id = '-',
  ): Promise<void> {
    const { tally } = this.#state
    if (this.#connection?.isOpen !== true) {
      if (this.#connection !== null) tally.reopened++
      this.#connection = new ClientConnection(this.#state.plan.port)
    }
    const { phase } = tally
    const least = this.#state.least
    // One half goes to http nodes, the other half to uwsgi nodes where a gateway cannot take turns by itself.
    const half = this.#requests++ % 2 === 0 ? 'http' : 'uwsgi'
    const length = body === null ? '' : `Content-Length: ${body.length}\r\n`
    const head = `${method} /${half}/${act} HTTP/1.1\r\nHost: reload.test\r\nX-Id: ${id}\r\n${length}\r\n`
    const outcome = await this.#connection.ask({ head, body, ...way })
    const fault = faultOf(outcome, isRight) ?? this.#oldConfig(outcome, least)
    if (fault !== null) tally.failed(this.#kind, phase, ...fault)
    else tally.served(this.#kind, phase, sinceMs === null ? null : performance.now() - sinceMs)
  }

  #oldConfig(outcome: Outcome, least: number): [Fault, string] | null {
    if (outcome.kind === 'fault') return null
    const { versions, most } = this.#state
    const version = versions.get(outcome.answer.port) ?? -1
    if (version >= least && version <= most) return null
    return ['old config', `answered by version ${version}, where ${least} to ${most} were in force`]
  }
}

function faultOf(outcome: Outcome, isRight: Check): [Fault, string] | null {
  if (outcome.kind === 'fault') return [outcome.fault, outcome.text]
  const { status, body, length } = outcome.answer
  if (status === 200 && isRight(body)) return null
  return ['wrong answer', `${status}, ${length} bytes: ${JSON.stringify(body.slice(0, 80))}`]
}

// A client that had to wait for its last answer counts from when the next request was due: otherwise a long wait
// would hide all those that come behind it. A timer that is late is the load's own fault and does not count.
async function paced(
  state: LoadState,
  everyMs: number,
  offset: number,
  act: (sinceMs: number) => Promise<void>,
): Promise<void> {
  let dueAt = performance.now() + everyMs * offset
  while (!state.isOver) {
    const wait = dueAt - performance.now()
    if (wait > 0) await pause(wait)
    await act(wait > 0 ? performance.now() : dueAt)
    dueAt += everyMs
  }
}

function sha1(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex')
}
