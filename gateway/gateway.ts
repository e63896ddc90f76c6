// gateway/gateway.ts: the gateway as a whole: listeners under one picture, from ready to stopped.
import type { LimitGrant, LimitReport } from '../base/limits.ts'
import type { CounterBatch, NodeRest, Verdict } from '../base/messages.ts'
import type { NetFilePicture } from '../base/nets.ts'
import type { KeyPicture, ListenerPicture, Picture } from '../base/picture.ts'
import type { RulesPicture } from '../base/rules-picture.ts'
import { Listener } from './listener.ts'
import { type Tell, World } from './world.ts'

const LOOK_MS = 50

export class Gateway {
  readonly #world: World
  readonly #listeners: Listener[]
  readonly #tell: Tell

  /**
   * @param table nodes that announced themselves already
   * @param rules all that the picture may name
   */
  constructor(
    picture: Picture,
    table: readonly KeyPicture[],
    rules: readonly RulesPicture[],
    tell: Tell,
    count: (batch: CounterBatch) => void,
  ) {
    this.#tell = tell
    this.#world = new World(picture, table, rules, tell, count)
    this.#listeners = picture.listeners.map(listener => new Listener(listener, this.#world))
  }

  /** Resolves once every listener accepts. @param isFast what the self-test of sockets found */
  async start(isFast: boolean): Promise<void> {
    if (!isFast) {
      this.#tell('warn', 'this Node reads sockets differently: plain events are used, at some cost', {
        node: process.version,
      })
    }
    await Promise.all(this.#listeners.map(listener => listener.listen(this.#world.running.picture.backlog)))
  }

  /**
   * A new picture for all requests and connections that begin from now on. Its listeners have the slots of the first.
   *
   * @throws Error when OpenSSL does not like it; nothing has changed then
   */
  apply(picture: Picture): void {
    const changes = this.#listeners.map(listener => listener.prepare(atSlot(picture, listener.picture)))
    this.#world.apply(picture)
    for (const putInForce of changes) putInForce()
  }

  /** Lets nodes rest as other gateways found out. */
  rest(rests: readonly NodeRest[]): void {
    this.#world.rest(rests)
  }

  /** Nodes announced themselves, changed or left. */
  announce(keys: readonly KeyPicture[]): void {
    this.#world.announce(keys)
  }

  /** Route rules that a picture to come names. */
  learnRules(rules: RulesPicture): void {
    this.#world.learnRules(rules)
  }

  /** Lists of networks that rules name. */
  learnNets(files: readonly NetFilePicture[]): void {
    this.#world.learnNets(files)
  }

  /** What part of rate limits this gateway has. */
  grant(grants: readonly LimitGrant[]): void {
    this.#world.grant(grants)
  }

  onLimits(report: (reports: readonly LimitReport[]) => void): void {
    this.#world.onLimits = report
  }

  /** What checks found, of nodes that are there and of those to come. */
  judge(verdicts: readonly Verdict[]): void {
    this.#world.judge(verdicts)
  }

  /** Opens log files again. Resolves when nothing more goes to the old ones. */
  reopenLogs(): Promise<void> {
    return this.#world.reopenLogs()
  }

  get connectionCount(): number {
    return this.#listeners.reduce((sum, listener) => sum + listener.connectionCount, 0)
  }

  /**
   * Others took over: accepts no more, and resolves when every connection is gone, or after `graceMs`. Each closes with
   * its next answer; what stays idle is left alone, as its client may be sending.
   */
  async retire(graceMs: number): Promise<void> {
    this.#world.isRetiring = true
    for (const listener of this.#listeners) listener.close()
    await this.#end(graceMs)
  }

  /** Accepts no more and resolves when the exchanges in hand are over, or after `graceMs`. Idle connections close. */
  async stop(graceMs: number): Promise<void> {
    this.#world.isStopping = true
    for (const listener of this.#listeners) listener.stop()
    await this.#end(graceMs)
  }

  async #end(graceMs: number): Promise<void> {
    await this.#emptied(graceMs)
    for (const listener of this.#listeners) listener.drop()
    await this.#world.close()
  }

  #emptied(graceMs: number): Promise<void> {
    const end = performance.now() + graceMs
    return new Promise(resolve => {
      const look = (): void => {
        if (this.connectionCount === 0 || performance.now() >= end) resolve()
        else setTimeout(look, LOOK_MS)
      }
      look()
    })
  }
}

function atSlot(picture: Picture, { slot, name }: ListenerPicture): ListenerPicture {
  const same = picture.listeners.find(listener => listener.slot === slot)
  if (same === undefined) throw new Error(`the new picture has no listener in place of ${name}`)
  return same
}
