// gateway/gateway.ts: the gateway as a whole: listeners under one picture, from ready to stopped.
import type { Picture } from '../base/picture.ts'
import { Listener } from './listener.ts'
import { selfTest } from './node-socket.ts'
import { type Tell, World } from './world.ts'

const LOOK_MS = 50

export class Gateway {
  readonly #world: World
  readonly #listeners: Listener[]
  readonly #tell: Tell

  constructor(picture: Picture, tell: Tell) {
    this.#tell = tell
    this.#world = new World(picture, tell)
    this.#listeners = picture.listeners.map(listener => new Listener(listener, this.#world))
  }

  /** Resolves once every listener accepts. */
  async start(): Promise<void> {
    if (!(await selfTest())) {
      this.#tell('warn', 'this Node reads sockets differently: plain events are used, at some cost', {
        node: process.version,
      })
    }
    await Promise.all(this.#listeners.map(listener => listener.listen(this.#world.running.picture.backlog)))
  }

  /** A new picture for all exchanges that begin from now on. Its listeners must be those of the first. */
  apply(picture: Picture): void {
    this.#world.apply(picture)
  }

  get connectionCount(): number {
    return this.#listeners.reduce((sum, listener) => sum + listener.connectionCount, 0)
  }

  /** Accepts no more and resolves when the exchanges in hand are over, or after `graceMs`. Idle connections close. */
  async stop(graceMs: number): Promise<void> {
    this.#world.isStopping = true
    for (const listener of this.#listeners) listener.stop()
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
