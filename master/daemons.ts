// master/daemons.ts: commands that run beside us (attach-daemon): started, restarted when they end, and never
// left behind, not even when the master is killed.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import type { Log } from './logs/log.ts'
import type { Logs } from './logs/logs.ts'
import { Respawn } from './respawn.ts'

/** Milliseconds between TERM and KILL. */
const MERCY_MS = 3000

// A guard in the command's own process group reads from a pipe of ours that nobody writes to: its end means that
// the master is gone, however it died, and the guard ends the whole group. (A parent-death signal reaches only
// the shell, not what the shell started.) The command itself does not see the pipe.
const GUARDED = `
(trap '' HUP INT QUIT TERM
 read -r _ <&3
 kill -TERM -$$
 sleep ${MERCY_MS / 1000}
 kill -KILL -$$) >/dev/null 2>&1 &
exec 3<&-
exec /bin/sh -c "$1"`

export interface DaemonPlan {
  /** For /bin/sh. Never logged, as it may hold a password. */
  readonly command: string
  /** What the log calls it: "quickstart.ini:12". */
  readonly name: string
}

export interface DaemonsOptions {
  readonly daemons: readonly DaemonPlan[]
  readonly cwd: string
  /** Their whole environment. */
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
  /** Takes what they print, where that is not for our standard error alone; absent: they print where we do. */
  readonly logs?: Pick<Logs, 'isElsewhere' | 'followDaemon'>
}

interface Seat {
  daemon: DaemonPlan
  readonly respawn: Respawn
  child: ChildProcess | null
  wasStarted: boolean
}

export class Daemons {
  #options: DaemonsOptions
  #seats: Seat[]
  readonly #leaving = new Set<Seat>() // out of the config, not ended yet
  readonly #emptied = Promise.withResolvers<void>()
  #isStopping = false

  constructor(options: DaemonsOptions) {
    this.#options = options
    this.#seats = options.daemons.map(newSeat)
  }

  start(): void {
    for (const seat of this.#seats) this.#spawn(seat)
  }

  /**
   * After a reload: those whose command, directory and environment stay go on undisturbed; the others are ended, and new
   * ones started.
   */
  change({ daemons, cwd, env }: Pick<DaemonsOptions, 'daemons' | 'cwd' | 'env'>): void {
    if (this.#isStopping) return
    const before = this.#options
    this.#options = { ...before, daemons, cwd, env }
    const stays =
      cwd === before.cwd && isDeepStrictEqual({ ...env }, { ...before.env }) ? [...this.#seats] : []
    const leaving = new Set(this.#seats)
    this.#seats = daemons.map(daemon => {
      const at = stays.findIndex(seat => seat.daemon.command === daemon.command)
      if (at < 0) return newSeat(daemon)
      const [kept] = stays.splice(at, 1)
      leaving.delete(kept!)
      kept!.daemon = daemon // its line may have moved
      return kept!
    })
    for (const seat of leaving) this.#leave(seat)
    for (const seat of this.#seats) if (!seat.wasStarted) this.#spawn(seat)
  }

  /** TERM to each group, KILL to what is left after {@link MERCY_MS}, or at once. Resolves when all ended. */
  stop(atOnce: boolean): Promise<void> {
    this.#isStopping = true
    for (const { child, respawn } of [...this.#seats, ...this.#leaving]) {
      respawn.cancel()
      if (child) stopGroup(child, atOnce ? 0 : MERCY_MS)
    }
    this.#checkEmpty()
    return this.#emptied.promise
  }

  #leave(seat: Seat): void {
    seat.respawn.cancel()
    if (seat.child === null) return
    this.#leaving.add(seat)
    stopGroup(seat.child, MERCY_MS)
  }

  #spawn(seat: Seat): void {
    const { cwd, env, log, logs } = this.#options
    // On a terminal programs write lines at once, into a pipe often only when much has come together.
    const output = logs?.isElsewhere ? 'pipe' : 'inherit'
    seat.wasStarted = true
    seat.respawn.started()
    let child: ChildProcess
    try {
      child = spawn('/bin/sh', ['-c', GUARDED, 'sh', seat.daemon.command], {
        cwd,
        env,
        detached: true, // a session and group of its own: its pid is the group's
        stdio: ['ignore', output, output, 'pipe'],
      })
    } catch (error) {
      this.#ended(seat, (error as Error).message) // most failures come as an event; an environment too large does not
      return
    }
    seat.child = child
    if (child.pid === undefined) {
      child.once('error', error => this.#exited(seat, child, error.message)) // perhaps without streams
      return
    }
    logs?.followDaemon(child)
    const lifeline = child.stdio[3] as Duplex | null
    lifeline?.on('error', () => {}) // reset when the guard is killed
    child.on('error', error =>
      log.error({ daemon: seat.daemon.name, err: error }, 'daemon cannot be started'),
    )
    child.once('exit', (code, signal) => this.#exited(seat, child, signal ?? `exit code ${code}`))
    log.info({ daemon: seat.daemon.name, daemonPid: child.pid }, 'daemon started')
  }

  #exited(seat: Seat, child: ChildProcess, cause: string): void {
    signalGroup(child, 'SIGKILL') // its guard, and what it left in the background
    this.#ended(seat, cause)
  }

  #ended(seat: Seat, cause: string): void {
    seat.child = null
    const isLeaving = this.#leaving.delete(seat)
    if (this.#isStopping || isLeaving) {
      this.#checkEmpty()
      return
    }
    const waitMs = seat.respawn.after(() => this.#spawn(seat))
    const code = 'SLUICE_DAEMON_ENDED'
    this.#options.log.warn(
      { code, daemon: seat.daemon.name, cause, waitMs },
      'daemon ended, starting it again',
    )
  }

  #checkEmpty(): void {
    if (!this.#isStopping || this.#leaving.size > 0) return
    if (this.#seats.every(seat => seat.child === null)) this.#emptied.resolve()
  }
}

function newSeat(daemon: DaemonPlan): Seat {
  const respawn = new Respawn({ firstMs: 1000, longestMs: 300_000, youngMs: 3000 })
  return { daemon, respawn, child: null, wasStarted: false }
}

function stopGroup(child: ChildProcess, mercyMs: number): void {
  signalGroup(child, mercyMs === 0 ? 'SIGKILL' : 'SIGTERM')
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), mercyMs)
  child.once('exit', () => clearTimeout(timer))
}

// The group's number cannot have gone to strangers: the guard lives in it until this kills it.
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // nobody left
  }
}
