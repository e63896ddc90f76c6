// master/logs/logs.ts: all log lines of an instance: its own events, what its children print, and lines per request that
// gateways do not write themselves; to files, standard streams, syslog. No place that fails holds up the master.
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { LineFile } from '../../stats/line-file.ts'
import { followLines, type LineTaker } from './child-lines.ts'
import { eventLog, humanLines, type Log, levelOf } from './log.ts'
import { makeLogFile, rotateLogFile, sizeOf } from './log-files.ts'
import type { LogPlan, LogTarget } from './log-plan.ts'
import type { LogSink } from './sink.ts'
import { syslogHeader } from './syslog.ts'
import { TcpSink } from './tcp-sink.ts'
import { UdpSink } from './udp-sink.ts'

/** After a rotation that failed, log-maxsize waits before the next. */
const ROTATION_RETRY_MS = 60_000
/** For what children said last, once they are gone. */
const LAST_OUTPUT_MS = 500
/** Events that wait until files may be opened. */
const MOST_HELD = 10_000

export interface LogsOptions {
  /** Files are opened only at {@link Logs.begin}: once privileges were dropped. */
  readonly isHeld?: boolean
  /** For tests. Milliseconds since 1970. */
  readonly now?: () => number
}

export class Logs {
  /** The same for the whole life of the master, whatever a reload changes. */
  readonly events: Log
  readonly #now: () => number
  readonly #output: LineTaker
  readonly #errors: LineTaker
  readonly #onExit = () => this.#lastWords()
  readonly #leaving = new Set<Promise<void>>()
  readonly #streams = new Set<Readable>() // of children, not at their end
  #plan: LogPlan
  #sinks = new Map<string, LogSink>() // by target
  #eventSinks: readonly LogSink[] = []
  #isForPeople: readonly boolean[] = [] // for each of these
  #lineSinks: readonly LogSink[] = []
  #lineTargets: readonly LogTarget[] = []
  #toHuman: (line: string) => string
  #held: string[] | null
  #rotatesAt = 0

  constructor(plan: LogPlan, { isHeld = false, now = Date.now }: LogsOptions = {}) {
    this.#plan = plan
    this.#now = now
    this.#toHuman = humanLines(plan.date)
    this.#held = []
    this.events = eventLog(plan.level, line => this.#event(line))
    this.#output = takerOf(() => (this.#lineSinks.length > 0 ? this.#lineSinks : this.#eventSinks))
    this.#errors = takerOf(() => this.#eventSinks)
    process.on('exit', this.#onExit)
    if (!isHeld) this.begin()
  }

  /** Opens every place; what was logged before is written now. */
  begin(): void {
    if (this.#held === null) return
    const held = this.#held
    this.#makeFiles(this.#plan.isTruncated)
    this.#open()
    this.#held = null
    for (const line of held) this.#event(line)
  }

  /** Whether what people should read goes anywhere but to our own standard error. */
  get isElsewhere(): boolean {
    return this.#plan.events.some(({ kind }) => kind !== 'stderr')
  }

  /** Absolute paths of every file that lines are written to, by the master or by gateways. */
  files(): string[] {
    return this.#plan.files.map(({ path }) => path)
  }

  /** Whole lines that a gateway wrote to its standard output: lines of the access log, one character a byte. */
  gatewayOutput(lines: string): void {
    this.#output.take(lines)
  }

  /** Whole lines that children printed for people to read, one character a byte. */
  childErrors(lines: string): void {
    this.#errors.take(lines)
  }

  /** Reads a gateway's pipes from now on. Those that are not piped are null. */
  followGateway({ stdout, stderr }: { stdout: Readable | null; stderr: Readable | null }): void {
    this.#follow(stdout, this.#output)
    this.#follow(stderr, this.#errors)
  }

  /** Likewise a daemon's: both of its streams are for people. */
  followDaemon({ stdout, stderr }: { stdout: Readable | null; stderr: Readable | null }): void {
    this.#follow(stdout, this.#errors)
    this.#follow(stderr, this.#errors)
  }

  /**
   * Another plan, at a reload, before gateways get their next picture. Places that stay are not opened again; those that
   * go get what was meant for them.
   */
  change(plan: LogPlan): void {
    this.#plan = plan
    this.#toHuman = humanLines(plan.date)
    this.events.level = levelOf(plan.level)
    if (this.#held !== null) return
    this.#makeFiles(false)
    this.#open()
  }

  /** Opens files again that were renamed. Resolves when the master writes nothing more to the old ones. Never rejects. */
  async reopen(): Promise<void> {
    if (this.#held !== null) return
    this.#makeFiles(false)
    await Promise.all([...[...this.#sinks.values()].map(sink => sink.reopen()), ...this.#leaving])
  }

  /**
   * Whether a file grew beyond log-maxsize, so that a rotation is due. To be asked once a second.
   */
  check(): boolean {
    const { maxBytes, files } = this.#plan
    if (maxBytes === 0 || this.#held !== null || this.#now() < this.#rotatesAt) return false
    return files.some(({ path }) => sizeOf(path) > maxBytes)
  }

  /**
   * Renames log files and begins new ones. Gateways must then be told to open theirs again. Never rejects.
   *
   * @param onlyLarge only those beyond log-maxsize
   */
  async rotate(onlyLarge = false): Promise<void> {
    const { files, maxBytes, backupName } = this.#plan
    for (const { path, isMain } of files) {
      if (onlyLarge && sizeOf(path) <= maxBytes) continue
      try {
        const backup = rotateLogFile(path, isMain ? backupName : null, this.#now())
        if (backup !== null) this.events.info({ file: path, backup }, 'log file rotated')
      } catch (error) {
        this.#rotatesAt = this.#now() + ROTATION_RETRY_MS
        const cause = (error as Error).message
        this.events.error({ code: 'SLUICE_LOG_FAILED', file: path, cause }, 'log file cannot be rotated')
      }
    }
    await this.reopen()
  }

  /** Resolves when all that was logged has left, or is lost. Files that were not opened yet are not opened for that. */
  async close(): Promise<void> {
    if (this.#held !== null) for (const line of this.#held) process.stderr.write(line)
    this.#held = null
    await this.#childrenEnded()
    await Promise.all([...[...this.#sinks.values()].map(sink => sink.close()), ...this.#leaving])
    process.off('exit', this.#onExit)
  }

  #follow(stream: Readable | null, taker: LineTaker): void {
    if (stream === null) return
    followLines(stream, taker)
    this.#streams.add(stream)
    stream.once('close', () => void this.#streams.delete(stream))
  }

  // Children are gone by now, but what they said last may still be in their pipes. One that left a process of its own
  // behind keeps its pipe open: nobody waits for that.
  async #childrenEnded(): Promise<void> {
    if (this.#streams.size === 0) return
    const patience = AbortSignal.timeout(LAST_OUTPUT_MS)
    const ends = [...this.#streams].map(stream => once(stream, 'close', { signal: patience }))
    await Promise.allSettled(ends)
  }

  // A line of pino's, in UTF-8 text.
  #event(line: string): void {
    if (this.#held !== null) {
      if (this.#held.length < MOST_HELD) this.#held.push(line)
      return
    }
    const human = this.#isForPeople.includes(true) ? bytesOf(this.#toHuman(line)) : ''
    const json = this.#isForPeople.includes(false) ? bytesOf(line) : ''
    for (const [i, sink] of this.#eventSinks.entries()) sink.write(this.#isForPeople[i] ? human : json)
  }

  // Files get their mode here; whether they can be written is told by those who write.
  #makeFiles(isTruncated: boolean): void {
    const { files, mode, setsMode } = this.#plan
    for (const { path, isMain } of files) {
      try {
        makeLogFile(path, mode, setsMode, isMain && isTruncated)
      } catch {
        // the writer meets it too
      }
    }
  }

  #open(): void {
    const before = this.#sinks
    const sinks = new Map<string, LogSink>()
    const sinkOf = (target: LogTarget): LogSink => {
      const key = JSON.stringify(target)
      const sink = sinks.get(key) ?? before.get(key) ?? this.#openSink(target)
      sinks.set(key, sink)
      return sink
    }
    const { events, lines, form } = this.#plan
    this.#eventSinks = events.map(sinkOf)
    this.#isForPeople = events.map(({ kind }) => {
      return form === 'human' || (form === 'auto' && kind === 'stderr' && process.stderr.isTTY === true)
    })
    // Gateways that now write to a file by themselves may have lines under way: their old places stay for those.
    if (lines.length > 0) this.#lineTargets = lines
    this.#lineSinks = this.#lineTargets.map(sinkOf)
    this.#sinks = sinks
    for (const [key, sink] of before) if (!sinks.has(key)) this.#leave(sink)
  }

  #leave(sink: LogSink): void {
    const closed = sink.close().then(() => void this.#leaving.delete(closed))
    this.#leaving.add(closed)
  }

  #openSink(target: LogTarget): LogSink {
    const onTrouble = (text: string) => this.events.warn({ code: 'SLUICE_LOG_FAILED' }, text)
    switch (target.kind) {
      case 'file':
        return new LineFile({
          file: target.path,
          name: `log ${target.path}`,
          mode: this.#plan.mode,
          flushMs: 0,
          onTrouble,
        })
      case 'stdout':
        return new LineFile({ file: '-', name: 'log to standard output', flushMs: 0, onTrouble })
      case 'stderr':
        return new LineFile({ file: '-', fd: 2, name: 'log to standard error', flushMs: 0, onTrouble })
      case 'rsyslog': {
        const { host, port, ident, priority } = target
        const options = { host, port, frame: syslogHeader(priority, ident), onTrouble }
        return target.transport === 'tcp' ? new TcpSink(options) : new UdpSink(options)
      }
      case 'socket':
        return new UdpSink({ ...target, frame: line => `${line}\n`, onTrouble })
    }
  }

  #lastWords(): void {
    for (const sink of this.#sinks.values()) sink.lastWords()
  }
}

// Children wait only when no place takes more: one that is stuck must not keep lines from the others.
function takerOf(sinks: () => readonly LogSink[]): LineTaker {
  const isFull = () => {
    const all = sinks()
    return all.length > 0 && all.every(sink => sink.isFull)
  }
  return {
    get isFull() {
      return isFull()
    },
    take(lines) {
      for (const sink of sinks()) sink.write(lines)
    },
    onceRoom(callback) {
      let isOver = false
      for (const sink of sinks()) {
        sink.onceRoom(() => {
          if (!isOver) callback()
          isOver = true
        })
      }
    },
  }
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}
