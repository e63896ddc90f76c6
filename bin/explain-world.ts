// bin/explain-world.ts: what rules know beside a request while `sluice explain` runs them: the clock, files, and nothing that
// other requests did.
import { randomUUID } from 'node:crypto'
import type { NetsPicture } from '../base/nets.ts'
import { FileFacts } from '../gateway/rules/file-facts.ts'
import { OurWorld } from '../routing/rules/ours/our-world.ts'
import type { FileQuestion, RuleWorld } from '../routing/rules/source.ts'

export class ExplainWorld implements RuleWorld {
  readonly pid = process.pid
  readonly ours = new OurWorld(() => performance.now(), { high: 1, low: 2 })
  /** What rules write to the event log. One character a byte. */
  readonly logged: string[] = []
  readonly #files = new FileFacts()
  readonly #metrics = new Map<string, number>()

  constructor(netFiles: ReadonlyMap<string, NetsPicture>) {
    this.ours.learnNets([...netFiles].map(([file, nets]) => ({ file, nets })))
  }

  now(): number {
    return Math.round((performance.timeOrigin + performance.now()) * 1000)
  }

  uuid(): string {
    return randomUUID()
  }

  random(): number {
    return Math.random()
  }

  log(text: string): void {
    this.logged.push(text)
  }

  alarm(name: string, text: string): void {
    this.logged.push(`alarm ${name}: ${text}`)
  }

  metric(name: string): number {
    return this.#metrics.get(name) ?? 0
  }

  setMetric(name: string, value: number): void {
    this.#metrics.set(name, value)
  }

  knownFile(path: string, question: FileQuestion): number {
    return this.file(path, question)
  }

  file(path: string, question: FileQuestion): number {
    return this.#files.look(path, question)
  }

  mimeType(): string {
    return ''
  }
}
