// subscription/checks/watch.ts: checks one node again and again, never twice at once.
import type { HealthCheck } from '../../config/health-kind.ts'
import type { Slots } from '../slots.ts'
import { check, type Subject } from './check.ts'
import { Tally } from './tally.ts'

export interface WatchOptions {
  readonly name: string
  /** Of its record; null for a node of no key (http-to). */
  readonly id: string | null
  readonly line: HealthCheck
  /** The node as it is now. */
  readonly subject: () => Subject
  /** Told of each outcome. */
  readonly onOutcome: (watch: Watch, wrong: string | null) => void
}

/** What all watches share. */
export interface WatchWorld {
  readonly slots: Slots
  readonly now: () => number
  /** From 0 up to, not including, 1. */
  readonly random: () => number
  /** Before the second check of a node that gets no traffic until it passes one; doubles up to the interval. */
  readonly firstPauseMs: number
}

/** Checks come up to this share of their interval sooner or later, so that they do not march in step. */
const JITTER = 0.1

export class Watch {
  readonly name: string
  readonly id: string | null
  line: HealthCheck
  subject: () => Subject
  tally = new Tally()
  /** Waits for its first success; told once. null: it serves already. */
  proven: (() => void) | null = null
  /** When it became what it is, in the clock of the world. */
  sinceMs: number
  /** Of the last check. */
  tookMs: number | null = null
  /** The last failure; '' once it is well. */
  why = ''
  readonly #world: WatchWorld
  readonly #onOutcome: WatchOptions['onOutcome']
  #pauseMs: number
  #timer: NodeJS.Timeout | null = null
  #isChecking = false
  #isHurried = false
  #isOver = false

  constructor({ name, id, line, subject, onOutcome }: WatchOptions, world: WatchWorld) {
    this.name = name
    this.id = id
    this.line = line
    this.subject = subject
    this.#onOutcome = onOutcome
    this.#world = world
    this.#pauseMs = world.firstPauseMs
    this.sinceMs = world.now()
    // Nodes that come together are spread over the interval.
    this.#wait(line.intervalMs * world.random())
  }

  /** Checks at once, or once the check in hand is over. */
  hurry(): void {
    this.#pauseMs = this.#world.firstPauseMs
    if (this.#isChecking) this.#isHurried = true
    else this.#begin()
  }

  /** Another line holds from now on. */
  follow(line: HealthCheck): void {
    this.line = line
    if (!this.#isChecking) this.#wait(line.intervalMs * this.#world.random())
  }

  stop(): void {
    this.#isOver = true
    this.#world.slots.forget(this)
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #wait(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#begin(), ms)
  }

  #begin(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#isChecking = true
    this.#world.slots.run(this, () => this.#check())
  }

  async #check(): Promise<void> {
    const { now } = this.#world
    const began = now()
    this.#isHurried = false
    const wrong = await check(this.subject(), this.line)
    if (this.#isOver) return
    this.#isChecking = false
    this.tookMs = now() - began
    if (wrong !== null) this.why = wrong
    this.#onOutcome(this, wrong)
    if (this.#isOver) return
    if (this.#isHurried) this.#begin()
    else this.#wait(Math.max(0, this.#pause() - this.tookMs))
  }

  #pause(): number {
    const { intervalMs } = this.line
    const jittered = intervalMs * (1 - JITTER + 2 * JITTER * this.#world.random())
    if (this.proven === null) return jittered
    const pauseMs = this.#pauseMs
    this.#pauseMs *= 2
    return Math.min(pauseMs, jittered)
  }
}
