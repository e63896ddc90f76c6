// test/long/reload-tally.ts: what became of every request of a load: counted, and how long it took.

/** What can go wrong with a request, from the client's side. */
export const FAULTS = [
  'refused',
  'reset',
  'closed under a request',
  'cut',
  'time-out',
  'wrong answer',
  'old config',
] as const
export type Fault = (typeof FAULTS)[number]

/** Times of a run. Failures count in all of them. */
export const PHASES = ['warm-up', 'quiet', 'reloads', 'settling'] as const
export type Phase = (typeof PHASES)[number]

/** Milliseconds. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface LoadReport {
  readonly requests: Readonly<Record<Phase, number>>
  /** By kind of client, over all phases. */
  readonly kinds: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<Fault, number>>
  /** The first failures, in words. */
  readonly examples: readonly string[]
  /** Of small requests. */
  readonly latency: Readonly<Record<Phase, Latency>>
  /** Connections that were closed while no request was on them, or by an answer that said so. */
  readonly reopened: number
}

const MOST_EXAMPLES = 12

export class Tally {
  phase: Phase = 'warm-up'
  reopened = 0
  readonly #requests = zeros(PHASES)
  readonly #faults = zeros(FAULTS)
  readonly #kinds: Record<string, number> = {}
  readonly #examples: string[] = []
  readonly #took: Record<Phase, number[]> = { 'warm-up': [], quiet: [], reloads: [], settling: [] }

  /** One request that was answered as it should be. @param tookMs null where how long it takes says nothing */
  served(kind: string, phase: Phase, tookMs: number | null): void {
    this.#count(kind, phase)
    if (tookMs !== null) this.#took[phase].push(tookMs)
  }

  failed(kind: string, phase: Phase, fault: Fault, text: string): void {
    this.#count(kind, phase)
    this.#faults[fault]++
    if (this.#examples.length < MOST_EXAMPLES) this.#examples.push(`${kind}, ${phase}: ${fault}: ${text}`)
  }

  report(): LoadReport {
    const latency = Object.fromEntries(PHASES.map(phase => [phase, latencyOf(this.#took[phase])]))
    return {
      requests: this.#requests,
      kinds: this.#kinds,
      faults: this.#faults,
      examples: this.#examples,
      latency: latency as Record<Phase, Latency>,
      reopened: this.reopened,
    }
  }

  #count(kind: string, phase: Phase): void {
    this.#requests[phase]++
    this.#kinds[kind] = (this.#kinds[kind] ?? 0) + 1
  }
}

/** Requests of a load that failed, whatever the way. */
export function failuresOf(report: LoadReport): number {
  return FAULTS.reduce((sum, fault) => sum + report.faults[fault], 0)
}

function latencyOf(took: readonly number[]): Latency {
  const sorted = Float64Array.from(took).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 }
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map(name => [name, 0])) as Record<Name, number>
}
