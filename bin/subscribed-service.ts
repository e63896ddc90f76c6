// bin/subscribed-service.ts: the life of a service that `sluice subscribe` announces: started, watched, drained, ended.
import { Announcer } from '../subscription/client/announcer.ts'
import { probe } from '../subscription/client/probe.ts'
import { Watch } from '../subscription/client/watch.ts'
import { connectionsInHand } from './in-hand.ts'
import type { Wanted } from './subscribe-arguments.ts'
import { WrappedCommand } from './wrapped-command.ts'

const FAREWELLS = 3
const LOOK_MS = 100
// A router that picked this node a moment before it heard that we leave must be able to connect.
const LATECOMERS_MS = 500

type Phase = 'serving' | 'draining' | 'ending'

/** Signals move it from one phase to the next; the end of the command ends it in any. */
export class SubscribedService {
  readonly #wanted: Wanted
  readonly #say: (line: string) => void
  readonly #announcer: Announcer
  readonly #command: WrappedCommand | null
  readonly #watch: Watch
  readonly #over = Promise.withResolvers<number>() // without a command: the exit code
  #phase: Phase = 'serving'
  #wasAnnounced = false
  #drain: NodeJS.Timeout | undefined
  #look: NodeJS.Timeout | undefined

  /** @param say takes a line for people */
  constructor(wanted: Wanted, say: (line: string) => void) {
    this.#wanted = wanted
    this.#say = say
    this.#announcer = new Announcer({
      targets: wanted.targets,
      everyMs: wanted.everyMs,
      farewells: FAREWELLS,
      multicastTtl: wanted.ttl,
      figures: () => ({ cores: 1, load: 0, weight: 1 }),
      nowS: () => Math.floor(Date.now() / 1000),
      onTrouble: (subject, problem) => say(`${subject}: ${problem}`),
    })
    this.#command = wanted.command.length === 0 ? null : new WrappedCommand(wanted.command)
    this.#watch = new Watch({
      look: () => probe(wanted.check, wanted.place, wanted.timeoutMs),
      intervalMs: wanted.intervalMs,
      fall: wanted.fall,
      onUp: () => this.#up(),
      onDown: (problem, wasUp) => this.#down(problem, wasUp),
    })
  }

  /** Resolves when all is over. @returns the exit code */
  async run(): Promise<number> {
    if (this.#command === null) return this.#over.promise
    const { code, cause } = await this.#command.ended
    clearTimeout(this.#drain)
    clearTimeout(this.#look)
    this.#watch.stop()
    if (this.#phase !== 'ending') this.#say(`the command ended (${cause}): nothing is announced any more`)
    await this.#announcer.stop()
    return code
  }

  /** TERM and INT: leaves, then ends; again: hurries. HUP is the command's; without one it is as TERM. */
  signal(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    if (signal === 'SIGHUP' && this.#command !== null) this.#command.signal('SIGHUP')
    else if (this.#phase === 'serving') this.#leave()
    else if (this.#phase === 'draining') this.#end()
    else this.#command?.kill()
  }

  #up(): void {
    this.#wasAnnounced = true
    this.#say(`announces ${this.#wanted.text}`)
    this.#announcer.start()
  }

  #down(problem: string, wasUp: boolean): void {
    const what = wasUp ? 'it has left until it is well' : 'it is announced as soon as it is well'
    this.#say(`the check fails: ${problem}: ${what}`)
    this.#announcer.pause()
  }

  #leave(): void {
    const { drainMs } = this.#wanted
    this.#phase = 'draining'
    this.#watch.stop()
    this.#announcer.pause()
    if (drainMs === 0 || !this.#wasAnnounced) return this.#end()
    this.#say(`leaves, and waits up to ${drainMs / 1000} s for what is in hand`)
    this.#drain = setTimeout(() => this.#limit(), drainMs)
    this.#look = setTimeout(() => this.#awaitNone(false), LATECOMERS_MS)
  }

  // Twice in a row, as the next may be on its way. Where nobody knows, as of a service elsewhere, the limit is waited for.
  #awaitNone(wasNone: boolean): void {
    const isNone = connectionsInHand(this.#wanted.place) === 0
    if (isNone && wasNone) return this.#end()
    this.#look = setTimeout(() => this.#awaitNone(isNone), LOOK_MS)
  }

  #limit(): void {
    const open = connectionsInHand(this.#wanted.place) ?? 0
    if (open > 0)
      this.#say(
        `the wait is over, and ${open} ${open === 1 ? 'connection is' : 'connections are'} still open`,
      )
    this.#end()
  }

  #end(): void {
    this.#phase = 'ending'
    clearTimeout(this.#drain)
    clearTimeout(this.#look)
    if (this.#command === null) this.#announcer.stop().then(() => this.#over.resolve(0))
    else this.#command.end(this.#wanted.mercyMs)
  }
}
