// gateway/rules/surroundings.ts: what route rules know beside a request: the clock, chance, counters, files, the event log. One
// for each gateway.
import { createHash, randomUUID } from 'node:crypto'
import { OurWorld } from '../../routing/rules/ours/our-world.ts'
import type { FileQuestion, RuleWorld } from '../../routing/rules/source.ts'
import type { Tell } from '../world.ts'
import { FileFacts } from './file-facts.ts'

const ORIGIN_MS = performance.timeOrigin // reading it costs as much as the clock

export class Surroundings implements RuleWorld {
  readonly pid = process.pid
  readonly files = new FileFacts()
  readonly ours: OurWorld
  readonly #tell: Tell
  readonly #metrics = new Map<string, number>()

  /** @param secret hex, the same in all gateways, and known to nobody else */
  constructor(tell: Tell, secret: string) {
    this.#tell = tell
    const hash = createHash('sha256').update(`limits ${secret}`).digest()
    const halves = { high: hash.readInt32LE(0), low: hash.readInt32LE(4) }
    this.ours = new OurWorld(() => performance.now(), halves)
  }

  now(): number {
    return Math.round((ORIGIN_MS + performance.now()) * 1_000)
  }

  uuid(): string {
    return randomUUID()
  }

  random(): number {
    return Math.random()
  }

  log(text: string): void {
    this.#tell('info', 'route rule', { text: legible(text) })
  }

  alarm(name: string, text: string): void {
    this.#tell('warn', 'alarm of a route rule', { alarm: legible(name), text: legible(text) })
  }

  metric(name: string): number {
    return this.#metrics.get(name) ?? 0
  }

  setMetric(name: string, value: number): void {
    this.#metrics.set(name, value)
  }

  knownFile(path: string, question: FileQuestion): number | undefined {
    return this.files.known(path, question)
  }

  file(path: string, question: FileQuestion): number {
    return this.files.look(path, question)
  }

  mimeType(_path: string): string {
    return '' // its table comes with static files
  }
}

// Rules' texts have one character a byte: in a log they are UTF-8, and control characters are seen.
function legible(text: string): string {
  return Buffer.from(text, 'latin1')
    .toString()
    .replace(/[\u0000-\u001f\u007f]/g, char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
