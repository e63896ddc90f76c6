// test/master/subscriptions/receiver.ts: subscriptions as the master has them, on real sockets and files, with a clock of the
// test's own; and somebody who sends them datagrams.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseDatagramAddress } from '../../../base/datagram-address.ts'
import { createLog } from '../../../master/logs/log.ts'
import type { SubscriptionPlan } from '../../../master/subscription-plan.ts'
import { Subscriptions } from '../../../master/subscriptions.ts'
import { QUOTA_LIMITS } from '../../../subscription/quota.ts'
import { linesOf } from '../../subscription/members.ts'
import { until } from '../../support/processes.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'

/** When the signed packets of the vectors were captured, in unix seconds. */
export const CAPTURED_S = 1_795_228_032

/** Goes on only when told to. */
export class TestClock {
  #ms = 0
  readonly #startS: number

  constructor(startS = CAPTURED_S) {
    this.#startS = startS
  }

  readonly monotonicMs = () => 1_000_000 + this.#ms
  readonly unixMs = () => this.#startS * 1000 + this.#ms

  pass(seconds: number): void {
    this.#ms += seconds * 1000
  }
}

export interface Receiver {
  readonly subscriptions: Subscriptions
  readonly clock: TestClock
  /** Changes of the membership: "added a.example 10.0.0.7:3031". */
  readonly lines: readonly string[]
  readonly plan: SubscriptionPlan
  log(): string
  /** Ids of the nodes that are there. */
  ids(): string[]
  /** Sends one and waits until it was judged. @returns why it was refused; 'taken' */
  send(bytes: Buffer): Promise<string>
  /** Lets time pass a second after the other. */
  pass(seconds: number): void
  stop(): Promise<void>
}

export function planWith(changes: Partial<SubscriptionPlan> = {}): SubscriptionPlan {
  return {
    servers: [serverAt('127.0.0.1:0')],
    lines: [],
    protocols: [],
    signCheck: null,
    signToleranceS: 600,
    signSkewS: 90,
    toleranceMs: 17_000,
    limits: QUOTA_LIMITS,
    state: { kind: 'none' },
    targets: [],
    multicastTtl: 1,
    multicastLoop: true,
    backend: [],
    isCheap: false,
    ...changes,
  }
}

export function serverAt(text: string): SubscriptionPlan['servers'][number] {
  const address = parseDatagramAddress(text)
  if ('problem' in address) throw new Error(address.problem)
  return { address, place: { file: 'a.ini', line: 3 } }
}

/** A file for the state that goes with the test. */
export function stateFile(t: Test): Extract<SubscriptionPlan['state'], { kind: 'file' }> {
  return { kind: 'file', path: join(temporaryDirectory(t), 'state.json'), place: { file: 'a.ini', line: 4 } }
}

export async function startReceiver(
  t: Test,
  changes: Partial<SubscriptionPlan> = {},
  clock = new TestClock(),
): Promise<Receiver> {
  let text = ''
  const log = createLog({
    write: line => {
      text += line
    },
  })
  const plan = planWith(changes)
  const subscriptions = new Subscriptions({ plan, log, addresses: host => [host], clock })
  const lines = linesOf(subscriptions.membership)
  await subscriptions.bind()
  await subscriptions.start()
  t.teardown(() => subscriptions.stop())
  const sender = createSocket('udp4').unref()
  t.teardown(() => sender.close())
  return {
    subscriptions,
    clock,
    lines,
    plan,
    log: () => text,
    ids: () => Array.from(subscriptions.membership.entries(), ({ record }) => record.id),
    send: async bytes => {
      const before = subscriptions.counts.accepted
      const refusedBefore = new Map(subscriptions.counts.refused)
      sender.send(bytes, subscriptions.ports[0]!, '127.0.0.1')
      let verdict = ''
      await until('the datagram was judged', () => {
        verdict = subscriptions.counts.accepted > before ? 'taken' : risen(refusedBefore, subscriptions)
        return verdict !== ''
      })
      return verdict
    },
    pass: seconds => {
      for (let i = 0; i < seconds; i++) {
        clock.pass(1)
        subscriptions.tick()
      }
    },
    stop: () => subscriptions.stop(),
  }
}

/** Sends datagrams from a socket of its own; UDP on this machine loses none while the receiver keeps up. */
export async function sendAll(port: number, datagrams: readonly Buffer[], host = '127.0.0.1'): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.bind(0)
  await once(socket, 'listening')
  for (const bytes of datagrams)
    await new Promise<void>((sent, failed) =>
      socket.send(bytes, port, host, error => (error ? failed(error) : sent())),
    )
  socket.close()
}

function risen(before: ReadonlyMap<string, number>, { counts }: Subscriptions): string {
  for (const [reason, count] of counts.refused) if (count > (before.get(reason) ?? 0)) return reason
  return ''
}
