// master/steering/touch.ts: notices that files are touched: another time of change, one that appears, one that vanishes.
import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

const EVERY_MS = 1000

/** A file to watch, and what to do when it is touched. */
export interface Touch {
  readonly path: string
  readonly act: (path: string) => void
}

/** Watches by asking once a second: a file may lie where the kernel tells nothing, or be replaced. */
export class TouchedFiles {
  readonly #everyMs: number
  #touches: readonly Touch[] = []
  #seen = new Map<string, bigint | null>()
  #timer: NodeJS.Timeout | null = null
  #isLooking = false

  /** @param everyMs for tests */
  constructor(everyMs: number = EVERY_MS) {
    this.#everyMs = everyMs
  }

  /** Watches these from now on, in place of those before. What is known already is compared with what was. */
  follow(touches: readonly Touch[]): void {
    this.#touches = touches
    this.#seen = new Map(touches.map(({ path }) => [path, this.#seen.get(path) ?? timeNow(path)]))
    if (touches.length === 0) this.stop()
    else this.#timer ??= setInterval(() => void this.#look(), this.#everyMs).unref()
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  // Not while the last look is not over: a file system may hang.
  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const seen = this.#seen
    const paths = [...seen.keys()]
    const times = await Promise.all(paths.map(timeOf))
    this.#isLooking = false
    if (this.#seen !== seen || this.#timer === null) return
    const touched = new Set(paths.filter((path, i) => times[i] !== seen.get(path)))
    for (const [i, path] of paths.entries()) seen.set(path, times[i]!)
    for (const { path, act } of this.#touches) if (touched.has(path)) act(path)
  }
}

// In nanoseconds; null: there is no such file.
async function timeOf(path: string): Promise<bigint | null> {
  try {
    return (await stat(path, { bigint: true })).mtimeNs
  } catch {
    return null
  }
}

function timeNow(path: string): bigint | null {
  try {
    return statSync(path, { bigint: true }).mtimeNs
  } catch {
    return null
  }
}
