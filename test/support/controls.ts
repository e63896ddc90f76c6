// test/support/controls.ts: stands for a master where a test is about those who steer it.
import type { Controls, ReloadReport, Status, StopMode } from '../../master/controls.ts'
import { createLog, type Log } from '../../master/logs/log.ts'
import type { WhyReport } from '../../master/why.ts'

export const REPORT: ReloadReport = {
  kind: 'in place',
  changes: ['http-timeout: 60 -> 30'],
  reasons: [],
  warnings: [],
  problem: '',
  tookMs: 35,
}

export const STATUS: Status = {
  version: '0.0.0',
  pid: 4711,
  startedAt: 0,
  isPaused: false,
  files: ['/etc/sluice.ini'],
  listeners: ['0.0.0.0:80'],
  reloads: 0,
  gateways: [{ pid: 4712, state: 'serving', connections: 2 }],
  counters: { connections: 2, accepted: 3, requests: 4, refused: 0 },
  nodes: [{ name: 'http://127.0.0.1:3000', requests: 4, failures: 0, isResting: false }],
  announcements: null,
}

export const WHY: WhyReport = {
  asked: 'www.shop.example',
  way: 'wildcard',
  key: '.shop.example',
  meanwhile: '',
  policy: 'smooth',
  policyFrom: 'subscription-algo',
  lastMinute: 5,
  nodes: [
    {
      name: 'http://10.0.0.1:80',
      origin: 'backend',
      state: 'resting',
      sinceMs: 1_000,
      endsInMs: 29_000,
      why: 'ECONNREFUSED',
      weight: 1,
      backup: 0,
      limit: 0,
      inHand: 0,
      latencyMs: 1.5,
      lastMinute: 5,
      share: 1,
      requests: 7,
      failures: 1,
    },
  ],
  refused: [],
  keys: [],
  keyCount: 0,
  servers: [],
}

/** Remembers what it was asked. */
export class FakeControls implements Controls {
  readonly asked: string[] = []
  /** What the next reloads wait for. */
  reloads: Promise<ReloadReport> = Promise.resolve(REPORT)

  reload({ replace = false } = {}): Promise<ReloadReport> {
    this.asked.push(replace ? 'replace' : 'reload')
    return this.reloads
  }

  stop(mode: StopMode): void {
    this.asked.push(`stop ${mode}`)
  }

  async pauseOrResume(): Promise<boolean> {
    this.asked.push('pause')
    return true
  }

  async reopenLogs(): Promise<void> {
    this.asked.push('reopen')
  }

  async rotateLogs(): Promise<void> {
    this.asked.push('rotate')
  }

  writePidfiles(): void {
    this.asked.push('write pid files')
  }

  why(key: string): WhyReport {
    this.asked.push(`why ${key}`)
    return WHY
  }

  status(): Status {
    this.asked.push('status')
    return STATUS
  }
}

/** An event log, and the events in it. */
export function heardLog(): { readonly log: Log; readonly events: Record<string, unknown>[] } {
  const events: Record<string, unknown>[] = []
  return { log: createLog({ write: line => events.push(JSON.parse(line)) }), events }
}
