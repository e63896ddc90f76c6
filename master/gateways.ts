// master/gateways.ts: keeps the gateway processes alive and up to date: spawns them with the descriptors of all
// listeners, gives each the picture, replaces one that dies, and stops them.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ToGateway, ToMaster } from '../base/messages.ts'
import type { Picture } from '../base/picture.ts'
import { childEnvironment } from './environment.ts'
import type { Log } from './log.ts'
import { Respawn } from './respawn.ts'
import { readMessage } from './to-master.ts'

/** Index of the first listener's descriptor in a gateway's stdio: stdin, stdout, stderr and the channel come first. */
export const FIRST_SLOT = 4

/** Started by file name: the master never loads a gateway's code. In the built package the suffix is .js. */
const ENTRY = fileURLToPath(import.meta.url).replace(/master([\\/])gateways(\.[jt]s)$/, 'gateway$1main$2')
// SIGUSR1 would open the inspector. Patterns that backtrack too long go on in V8's linear engine.
const EXEC_ARGV = [
  '--disable-sigusr1',
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
  '--regexp-backtracks-before-fallback=5000',
]
const READY_MS = 20_000 // for the picture to be taken and every socket to listen
const START_TRIES = 3 // deaths in a row before the first start is given up
const STOP_SLACK_MS = 1000 // beyond its grace a gateway that does not exit is killed

export interface GatewaysOptions {
  readonly count: number
  /** Descriptors of all listeners, in order, for the gateway with this index. */
  readonly descriptors: (index: number) => readonly number[]
  readonly picture: Picture
  readonly log: Log
  /** For tests: another program in place of gateway/main. */
  readonly entry?: string
}

/** What a gateway could not do at the first start: its own words. */
export class GatewayFailed extends Error {
  override readonly name = 'GatewayFailed'
}

/** A seat for one gateway process after another. */
interface Seat {
  readonly index: number
  readonly respawn: Respawn
  child: ChildProcess | null
  isReady: boolean
  failure: string | null
  readyTimer: NodeJS.Timeout | null
}

export class Gateways {
  readonly #options: GatewaysOptions
  readonly #log: Log
  readonly #seats: Seat[]
  readonly #started = Promise.withResolvers<void>()
  readonly #emptied = Promise.withResolvers<void>()
  #picture: Picture
  #hasStarted = false
  #isStopping = false

  constructor(options: GatewaysOptions) {
    this.#options = options
    this.#log = options.log
    this.#picture = options.picture
    this.#seats = Array.from({ length: options.count }, (_, index) => ({
      index,
      respawn: new Respawn({ firstMs: 100, longestMs: 5000, youngMs: 5000 }),
      child: null,
      isReady: false,
      failure: null,
      readyTimer: null,
    }))
  }

  /** Resolves once all listen. @throws GatewayFailed with the words of the one that could not; stop() cleans up */
  start(): Promise<void> {
    for (const seat of this.#seats) this.#spawn(seat)
    return this.#started.promise
  }

  /** Sends the next picture to all; one that starts later begins with it. */
  update(picture: Picture): void {
    this.#picture = picture
    for (const { child } of this.#seats) if (child) send(child, { kind: 'picture', picture })
  }

  /** Resolves when all are gone. A second call can only shorten the grace. */
  stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    for (const seat of this.#seats) {
      seat.respawn.cancel()
      if (seat.child) stopChild(seat.child, graceMs)
    }
    this.#checkEmpty()
    return this.#emptied.promise
  }

  #spawn(seat: Seat): void {
    const descriptors = this.#options.descriptors(seat.index)
    const child = fork(this.#options.entry ?? ENTRY, [`gateway-${seat.index + 1}`], {
      execArgv: EXEC_ARGV,
      env: childEnvironment(),
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...descriptors],
    })
    seat.child = child
    seat.isReady = false
    seat.failure = null
    seat.respawn.started()
    seat.readyTimer = setTimeout(() => this.#tooSlow(seat, child), READY_MS).unref()
    child.on('message', message => this.#hear(seat, message))
    child.on('error', error =>
      this.#log.error({ gateway: seat.index + 1, err: error }, 'gateway channel failed'),
    )
    child.once('exit', (code, signal) => this.#exited(seat, child, code, signal))
    // A spawn that failed (no process to be had) has no 'exit'.
    if (child.pid === undefined) child.once('error', () => this.#exited(seat, child, null, null))
    else send(child, { kind: 'picture', picture: this.#picture })
  }

  #hear(seat: Seat, raw: unknown): void {
    const message: ToMaster | null = readMessage(raw)
    if (message === null) {
      this.#log.error({ gateway: seat.index + 1 }, 'gateway sent a message that is not understood')
    } else if (message.kind === 'ready') {
      this.#ready(seat)
    } else if (message.kind === 'failed') {
      seat.failure = message.problem
    } else {
      this.#log[message.level]({ gateway: seat.index + 1, ...message.fields }, message.text)
    }
  }

  #ready(seat: Seat): void {
    seat.isReady = true
    if (seat.readyTimer) clearTimeout(seat.readyTimer)
    if (this.#hasStarted)
      this.#log.info({ gateway: seat.index + 1, gatewayPid: seat.child?.pid }, 'gateway is back')
    if (this.#seats.every(each => each.isReady)) {
      this.#hasStarted = true
      this.#started.resolve()
    }
  }

  #tooSlow(seat: Seat, child: ChildProcess): void {
    seat.failure = `it was not ready after ${READY_MS / 1000} seconds`
    child.kill('SIGKILL')
  }

  #exited(seat: Seat, child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    if (seat.child !== child) return
    seat.child = null
    seat.isReady = false
    if (seat.readyTimer) clearTimeout(seat.readyTimer)
    if (this.#isStopping) {
      this.#checkEmpty()
      return
    }
    const cause = seat.failure ?? (signal ? `killed by ${signal}` : `exit code ${code}`)
    if (!this.#hasStarted && (seat.failure || seat.respawn.youngDeaths >= START_TRIES - 1)) {
      this.#started.reject(new GatewayFailed(cause))
      return
    }
    const waitMs = seat.respawn.after(() => this.#spawn(seat))
    this.#log.error(
      { code: 'SLUICE_GATEWAY_DIED', gateway: seat.index + 1, cause, waitMs },
      'gateway died, replacing it',
    )
  }

  #checkEmpty(): void {
    if (this.#seats.every(seat => seat.child === null)) this.#emptied.resolve()
  }
}

function stopChild(child: ChildProcess, graceMs: number): void {
  send(child, { kind: 'stop', graceMs })
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs + STOP_SLACK_MS)
  child.once('exit', () => clearTimeout(timer))
}

// The channel of a gateway that is dying is closed already: its exit is what counts.
function send(child: ChildProcess, message: ToGateway): void {
  if (child.connected) child.send(message, () => {})
}
