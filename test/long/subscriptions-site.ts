// test/long/subscriptions-site.ts: the Sluice of the run: two gateways, a table to learn; started, reloaded, ended and started again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../bench/processes.ts'
import { ask } from '../../bin/ask.ts'
import type { WhyReport } from '../../master/why.ts'
import { freeUdpPort } from '../support/ports.ts'
import { gatewayPids, until } from '../support/processes.ts'
import { type Sluice, startSluice } from '../support/sluice.ts'
import { temporaryDirectory } from '../support/tmp.ts'
import type { Ends } from './ends.ts'
import { STRANGER } from './subscriptions-crowd.ts'
import type { Rules } from './subscriptions-judge.ts'

export const RULES: Rules = { gateways: 2, timeoutMs: 2_000, restMs: 2_000 }
const SETTLED_MS = 20_000
const POLICIES = ['p2c', 'smooth', 'ewma'] as const
type Policy = (typeof POLICIES)[number]

export class Site {
  readonly port: number
  readonly udpPort: number
  readonly #ends: Ends
  readonly #command: string | undefined
  readonly #directory: string
  #sluice: Sluice | null = null
  #logBefore = ''
  #reloads = 0
  #policy: Policy = 'p2c'

  private constructor(ends: Ends, command: string | undefined, port: number, udpPort: number) {
    this.#ends = ends
    this.#command = command
    this.port = port
    this.udpPort = udpPort
    this.#directory = temporaryDirectory(ends)
  }

  /** @param command a compiled `sluice`; undefined: the checkout's */
  static async start(ends: Ends, command: string | undefined): Promise<Site> {
    const site = new Site(ends, command, await freePort(), await freeUdpPort())
    await site.start()
    return site
  }

  /** Of the master. */
  get pid(): number {
    return this.#sluice!.pid
  }

  /** Of all its runs. */
  get log(): string {
    return this.#logBefore + (this.#sluice?.stderr() ?? '')
  }

  async start(): Promise<void> {
    this.#sluice = await startSluice(this.#ends, {
      cwd: this.#directory,
      ini: this.#ini(),
      ...(this.#command === undefined ? {} : { command: this.#command }),
    })
  }

  /** Resolves once master and gateways are gone. @throws Error when a graceful stop was none */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ended = await this.#sluice!.stop(signal)
    if (ended.code !== 0 && ended.signal !== signal)
      throw new Error(`Sluice ended with ${ended.code ?? ended.signal}`)
    this.#logBefore += ended.stderr
    this.#sluice = null
  }

  /** What the master knows of a key. */
  async why(key: string): Promise<WhyReport> {
    const said = await ask(join(this.#directory, 'control.sock'), { command: 'why', key })
    if (said === null || !('why' in said.answer)) throw new Error('the master does not say why')
    return said.answer.why
  }

  /** With another balance. @throws Error when it is refused */
  async reload(replace: boolean, policy?: Policy): Promise<void> {
    this.#reloads++
    this.#policy = policy ?? POLICIES[this.#reloads % POLICIES.length]!
    writeFileSync(join(this.#directory, 'sluice.ini'), `[sluice]\n${this.#ini()}`)
    const said = await ask(join(this.#directory, 'control.sock'), { command: 'reload', replace })
    const kind = said !== null && 'report' in said.answer ? said.answer.report.kind : 'no answer'
    if (kind !== (replace ? 'new generation' : 'in place') && kind !== 'unchanged')
      throw new Error(`a reload was ${kind}`)
  }

  /** One of its gateways, without a word. Resolves once another one runs in its place. */
  async killGateway(): Promise<number> {
    const before = gatewayPids(this.pid)
    const victim = before[Math.floor(Math.random() * before.length)]!
    const at = performance.timeOrigin + performance.now()
    process.kill(victim, 'SIGKILL')
    await until(
      'another gateway runs',
      () => gatewayPids(this.pid).filter(pid => pid !== victim).length === RULES.gateways,
      SETTLED_MS,
    )
    return at
  }

  #ini(): string {
    return `http = 127.0.0.1:${this.port}
http-processes = ${RULES.gateways}
http-subscription-server = 127.0.0.1:${this.udpPort}
subscription-allow = source=${STRANGER}/32,key=*.nowhere.example
subscription-state = state.json
balance = key=*,policy=${this.#policy}
control-socket = control.sock
http-timeout = ${RULES.timeoutMs / 1_000}
http-keepalive = 60
http-gracetime = ${RULES.restMs / 1_000}
http-connect-timeout = 1
reload-mercy = 2
disable-logging = true
max-connections-per-ip = 4000
`
  }
}
