// master/gateways.ts: one generation of gateway processes: spawns them with the descriptors of all listeners, gives each
// the picture, replaces one that dies, and ends them: at once, or as their work runs out.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LimitReport } from '../base/limits.ts'
import type { CounterBatch, NodeRest, ToGateway, ToMaster, Verdict } from '../base/messages.ts'
import type { KeyPicture, Picture } from '../base/picture.ts'
import { childEnvironment } from './environment.ts'
import type { Log } from './logs/log.ts'
import { Outbox } from './outbox.ts'
import { Respawn } from './respawn.ts'
import { readMessage } from './to-master.ts'

/** Index of the first listener's descriptor in a gateway's stdio: stdin, stdout, stderr and the channel come first. */
export const FIRST_SLOT = 4

/** Started by file name: the master never loads a gateway's code. In the built package the suffix is .js. */
const ENTRY = fileURLToPath(import.meta.url).replace(/master([\\/])gateways(\.[jt]s)$/, 'gateway$1main$2')
// SIGUSR1 would open the inspector. Patterns that backtrack too long go on in V8's linear engine. The young generation
// would grow to 32 MB and more under load and stay there; with less of it a request costs the same (docs/data-path.md).
const EXEC_ARGV = [
  '--disable-sigusr1',
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
  '--regexp-backtracks-before-fallback=5000',
  '--max-semi-space-size=8',
]
const READY_MS = 20_000 // for the picture to be taken and every socket to listen
const START_TRIES = 3 // deaths in a row before the first start is given up
const OUTPUT_MS = 2000 // for what an ended one still has in its pipes, when nobody takes our own output
const STOP_SLACK_MS = 1000 // beyond its grace a gateway that does not exit is killed

export interface GatewaysOptions {
  readonly count: number
  /** Descriptors of all listeners, in order, for the gateway with this index. */
  readonly descriptors: (index: number) => readonly number[]
  readonly log: Log
  /** Takes what the process writes to its standard output and error, both pipes. */
  readonly readOutput?: (child: ChildProcess) => void
  /** What is known of resting nodes when a gateway starts. */
  readonly rests?: () => readonly NodeRest[]
  /** What they must be told before a picture that names these rules. */
  readonly rules?: (id: number) => readonly ToGateway[]
  /** Lists of networks that rules name, as all gateways were told of them so far. */
  readonly nets?: () => readonly ToGateway[]
  /** Nodes that announced themselves, as all gateways were told of them so far, in messages. */
  readonly table?: () => Iterable<readonly KeyPicture[]>
  /** Nodes that checks find unwell when a gateway starts. */
  readonly verdicts?: () => readonly Verdict[]
  readonly onCounters?: (pid: number, counters: CounterBatch) => void
  readonly onLimits?: (pid: number, reports: readonly LimitReport[]) => void
  readonly onGone?: (pid: number) => void
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
  outbox: Outbox | null
  isReady: boolean
  /** Version of the picture it follows. */
  applied: number
  hasReopened: boolean
  failure: string | null
  /** Why it does not follow the latest picture; null: it does, or will. */
  refusal: string | null
  readyTimer: NodeJS.Timeout | null
}

/** Somebody who waits until something holds for every seat. */
interface Waiter {
  readonly holds: (seat: Seat) => boolean
  readonly resolve: () => void
}

export class Gateways {
  readonly #options: GatewaysOptions
  readonly #log: Log
  readonly #seats: Seat[]
  readonly #open = new Set<ChildProcess>() // processes that live, or whose output is not read to its end
  readonly #started = Promise.withResolvers<void>()
  readonly #emptied = Promise.withResolvers<void>()
  #waiters: Waiter[] = []
  #picture: Picture | null = null // null: they are to load their code, and wait
  #hasStarted = false
  #isEnding = false

  constructor(options: GatewaysOptions) {
    this.#options = options
    this.#log = options.log
    this.#seats = Array.from({ length: options.count }, (_, index) => ({
      index,
      respawn: new Respawn({ firstMs: 100, longestMs: 5000, youngMs: 5000 }),
      child: null,
      outbox: null,
      isReady: false,
      applied: 0,
      hasReopened: true,
      failure: null,
      refusal: null,
      readyTimer: null,
    }))
  }

  /** Starts the processes, which load their code and then wait for {@link Gateways.start}. */
  fork(): void {
    this.#started.promise.catch(() => {}) // start() tells
    for (const seat of this.#seats) this.#spawn(seat)
  }

  /**
   * Tells them all they must know. Resolves once all listen.
   *
   * @throws GatewayFailed with the words of the one that could not; stop() cleans up
   */
  start(picture: Picture): Promise<void> {
    this.#picture = picture
    for (const seat of this.#seats) if (seat.child !== null) this.#tell(seat, seat.child, picture)
    return this.#started.promise
  }

  /**
   * Sends the next picture to all; one that starts later begins with it. Resolves once each that lives follows it, or
   * says that it cannot.
   *
   * @returns the words of those that cannot, and serve on by the picture they have
   */
  async update(picture: Picture): Promise<readonly string[]> {
    const rules = picture.rules === this.#picture?.rules ? [] : this.#rulesOf(picture)
    this.#picture = picture
    for (const seat of this.#seats) seat.refusal = null
    for (const message of rules) this.#tellAll(message)
    this.#tellAll({ kind: 'picture', picture })
    await this.#until(seat => seat.applied >= picture.version || seat.refusal !== null)
    return this.#seats.flatMap(({ refusal }) => (refusal === null ? [] : [refusal]))
  }

  /** Tells all, those too that are only starting, what changed in the table. */
  publish(keys: readonly KeyPicture[]): void {
    for (const { outbox } of this.#seats) outbox?.table(keys)
  }

  /** Tells all what checks found. */
  judge(verdicts: readonly Verdict[]): void {
    for (const { outbox } of this.#seats) outbox?.verdicts(verdicts)
  }

  /** Tells all that were told anything yet. */
  tell(message: ToGateway): void {
    if (this.#picture !== null) this.#tellAll(message)
  }

  /** @returns false: it is none of these */
  tellOne(pid: number, message: ToGateway): boolean {
    const child = this.#seats.find(seat => seat.child?.pid === pid)?.child
    if (child) send(child, message)
    return child !== undefined
  }

  /** Resolves once nothing more goes to log files that were renamed. */
  reopenLogs(): Promise<void> {
    for (const seat of this.#seats) seat.hasReopened = seat.child === null
    this.#tellAll({ kind: 'reopen' })
    return this.#until(seat => seat.hasReopened)
  }

  /** They accept no more, and live on for what they have, `graceMs` at most. Resolves when all are gone. */
  retire(graceMs: number): Promise<void> {
    return this.#end('retire', graceMs)
  }

  /** Ends them. Resolves when all are gone. A later call can only shorten the grace. */
  stop(graceMs: number): Promise<void> {
    return this.#end('stop', graceMs)
  }

  /** Processes that live, and whether they serve already. */
  get processes(): { readonly pid: number; readonly isReady: boolean }[] {
    return this.#seats.flatMap(({ child, isReady }) => (child?.pid ? [{ pid: child.pid, isReady }] : []))
  }

  #end(kind: 'retire' | 'stop', graceMs: number): Promise<void> {
    this.#isEnding = true
    for (const seat of this.#seats) {
      seat.respawn.cancel()
      if (seat.child) endChild(seat.child, kind, graceMs)
    }
    this.#checkEmpty()
    return this.#emptied.promise
  }

  #spawn(seat: Seat): void {
    seat.respawn.started()
    let child: ChildProcess
    try {
      child = this.#fork(seat)
    } catch (error) {
      this.#died(seat, (error as Error).message) // most failures come as an event; no memory does not
      return
    }
    seat.child = child
    seat.isReady = false
    seat.applied = 0
    seat.hasReopened = true
    seat.failure = null
    seat.refusal = null
    this.#open.add(child)
    child.on('message', message => this.#hear(seat, child, message))
    child.on('error', error =>
      this.#log.error({ gateway: seat.index + 1, err: error }, 'gateway channel failed'),
    )
    child.once('exit', (code, signal) => {
      forgetOutput(child)
      this.#exited(seat, child, code, signal)
    })
    child.once('close', () => this.#closed(child))
    // A spawn that failed (no process or descriptor to be had) has no 'exit', and perhaps no streams.
    if (child.pid === undefined) {
      child.once('error', error => {
        seat.failure = error.message
        this.#open.delete(child)
        this.#exited(seat, child, null, null)
      })
      return
    }
    this.#options.readOutput?.(child)
    if (this.#picture !== null) this.#tell(seat, child, this.#picture)
  }

  // All that a process needs to serve. What it is sent before its code is loaded waits in its channel.
  #tell(seat: Seat, child: ChildProcess, picture: Picture): void {
    seat.readyTimer = setTimeout(() => this.#tooSlow(seat, child), READY_MS).unref()
    this.#tellTable(seat, child)
    for (const message of this.#options.nets?.() ?? []) send(child, message)
    for (const message of this.#rulesOf(picture)) send(child, message)
    const rests = this.#options.rests?.() ?? []
    send(child, rests.length > 0 ? { kind: 'picture', picture, rests } : { kind: 'picture', picture })
  }

  #rulesOf({ rules }: Picture): readonly ToGateway[] {
    return rules === 0 ? [] : (this.#options.rules?.(rules) ?? [])
  }

  // Asking for the table may tell the others what waits to be told: this one has no outbox yet, so it hears it once.
  #tellTable(seat: Seat, child: ChildProcess): void {
    const { table, verdicts } = this.#options
    const outbox = new Outbox((message, taken) => send(child, message, taken))
    outbox.begin(table?.() ?? [], verdicts?.() ?? [])
    seat.outbox = outbox
  }

  #fork({ index }: Seat): ChildProcess {
    const { entry = ENTRY, descriptors, readOutput } = this.#options
    const output = readOutput ? 'pipe' : 'inherit'
    return fork(entry, [`gateway-${index + 1}`], {
      execArgv: EXEC_ARGV,
      env: childEnvironment(),
      serialization: 'advanced',
      stdio: ['ignore', output, output, 'ipc', ...descriptors(index)],
    })
  }

  #hear(seat: Seat, child: ChildProcess, raw: unknown): void {
    const message: ToMaster | null = readMessage(raw)
    switch (message?.kind) {
      case undefined:
        this.#log.error({ gateway: seat.index + 1 }, 'gateway sent a message that is not understood')
        break
      case 'ready':
        if (seat.child === child) this.#ready(seat)
        break
      case 'failed':
        this.#failed(seat, message.problem)
        break
      case 'applied':
        if (seat.child === child) seat.applied = Math.max(seat.applied, message.version)
        this.#wake()
        break
      case 'reopened':
        if (seat.child === child) seat.hasReopened = true
        this.#wake()
        break
      case 'counters':
        this.#options.onCounters?.(child.pid ?? 0, message.counters)
        break
      case 'limits':
        this.#options.onLimits?.(child.pid ?? 0, message.reports)
        break
      case 'event':
        this.#log[message.level]({ gateway: seat.index + 1, ...message.fields }, message.text)
    }
  }

  // At its start it ends by itself. Later it serves on by the picture that it has.
  #failed(seat: Seat, problem: string): void {
    if (!seat.isReady) {
      seat.failure = problem
      return
    }
    const code = 'SLUICE_INTERNAL'
    this.#log.error({ code, gateway: seat.index + 1, cause: problem }, 'gateway keeps the old config')
    seat.refusal = problem
    this.#wake()
  }

  #ready(seat: Seat): void {
    seat.isReady = true
    if (seat.readyTimer) clearTimeout(seat.readyTimer)
    if (this.#hasStarted && !this.#isEnding)
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
    seat.outbox = null
    seat.isReady = false
    if (seat.readyTimer) clearTimeout(seat.readyTimer)
    this.#died(seat, seat.failure ?? (signal ? `killed by ${signal}` : `exit code ${code}`))
  }

  #died(seat: Seat, cause: string): void {
    this.#wake()
    if (this.#isEnding) return this.#checkEmpty()
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

  // What a gateway wrote and counted last is read before we call it gone.
  #closed(child: ChildProcess): void {
    this.#open.delete(child)
    this.#options.onGone?.(child.pid ?? 0)
    this.#checkEmpty()
  }

  #checkEmpty(): void {
    if (!this.#isEnding || this.#open.size > 0 || this.#seats.some(seat => seat.child !== null)) return
    this.#started.reject(new GatewayFailed('it was stopped'))
    this.#emptied.resolve()
  }

  #tellAll(message: ToGateway): void {
    for (const { child } of this.#seats) if (child) send(child, message)
  }

  // A seat without a process does not count: who takes it begins with the latest picture and the new files.
  #until(holds: (seat: Seat) => boolean): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, READY_MS).unref()
      this.#waiters.push({
        holds,
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
      })
      this.#wake()
    })
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter(({ holds, resolve }) => {
      const isOver = this.#seats.every(seat => seat.child === null || holds(seat))
      if (isOver) resolve()
      return !isOver
    })
  }
}

function endChild(child: ChildProcess, kind: 'retire' | 'stop', graceMs: number): void {
  send(child, { kind, graceMs })
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs + STOP_SLACK_MS)
  child.once('exit', () => clearTimeout(timer))
}

// A pipe is left unread while no log takes its lines, which may last for ever: 'close' would not come.
function forgetOutput(child: ChildProcess): void {
  const timer = setTimeout(() => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, OUTPUT_MS)
  child.once('close', () => clearTimeout(timer))
}

// The channel of a gateway that is dying is closed already: its exit is what counts. @returns false: it is backed up
function send(child: ChildProcess, message: ToGateway, taken = () => {}): boolean {
  return !child.connected || child.send(message, taken)
}
