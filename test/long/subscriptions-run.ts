// test/long/subscriptions-run.ts: everything that takes part in the run, what was done to it, and what was seen in each phase.
import { setTimeout as pause } from 'node:timers/promises' // sleeps: a phase has its length
import { tree } from '../../bench/processes.ts'
import { gatewayPids, until } from '../support/processes.ts'
import { startUwsgi, type Uwsgi } from '../support/uwsgi.ts'
import type { Ends } from './ends.ts'
import { ClientConnection } from './reload-connection.ts'
import { disagreements } from './subscriptions-agreement.ts'
import { Child } from './subscriptions-child.ts'
import {
  type FromCrowd,
  KEYS,
  keyName,
  type Manners,
  NODES_PER_KEY,
  type ToCrowd,
} from './subscriptions-crowd.ts'
import { type Deeds, HUNG, judge, SICK, type Stretch, type Verdict } from './subscriptions-judge.ts'
import { askFor, type Failure, type FromLoad, type Group, type ToLoad } from './subscriptions-load.ts'
import type { FromNode, ToNode } from './subscriptions-node.ts'
import { Probe, type Seen } from './subscriptions-probe.ts'
import { RULES, Site } from './subscriptions-site.ts'
import { glance, type Memory, memoryOf, type Shares, sharesBetween } from './subscriptions-watch.ts'

export interface Phase {
  readonly name: string
  /** Of the time of the run. */
  readonly share: number
  /** Its share of a core is judged: a thousand announcements a second, and nothing else. */
  readonly isSteady: boolean
  readonly act: (run: Run, isOver: () => boolean, ms: number) => Promise<void>
}

export interface PhaseReport {
  readonly name: string
  readonly isSteady: boolean
  readonly seconds: number
  readonly cpu: Shares
  readonly load: FromLoad
  readonly sent: FromCrowd
  readonly seen: readonly Seen[]
  readonly memory: Memory
  readonly log: { readonly lines: number; readonly bytes: number }
}

export interface RunReport {
  readonly phases: readonly PhaseReport[]
  readonly verdict: Verdict
  readonly log: string
  /** What was found that no request shows. */
  readonly oddities: readonly string[]
  readonly notes: readonly string[]
}

const PORTS = 20
export const REFUSES = 'refuses.example'
const REAL = 'real.example'
const FILL_MS = 60_000
export const GOOD_NETWORK: Manners = { lost: 0, doubled: 0, late: 0 }
const PROBE_PAUSE_MS = 500
const APP = `
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "4")])
    return [b"real"]
`

export class Run {
  readonly site: Site
  readonly crowd: Child<ToCrowd, FromCrowd>
  readonly bad: { readonly [key in typeof HUNG | typeof SICK | typeof REFUSES]: Child<ToNode, FromNode> }
  readonly deeds = {
    kills: [] as number[],
    away: [] as Stretch[],
    hung: [] as Stretch[],
    sick: [] as Stretch[],
  }
  readonly oddities: string[] = []
  readonly notes: string[] = []
  readonly say: (text: string) => void
  readonly #ends: Ends
  readonly #load: Child<ToLoad, FromLoad>
  readonly #probe: Probe
  readonly #phases: PhaseReport[] = []
  readonly #failures: Failure[] = []
  #sent: FromCrowd = { announced: 0, left: 0, shouted: 0 }
  readonly #uwsgis: Uwsgi[] = []
  #manners = GOOD_NETWORK

  private constructor(
    ends: Ends,
    site: Site,
    children: Pick<Run, 'crowd' | 'bad'> & { load: Child<ToLoad, FromLoad>; probe: Probe },
    say: (text: string) => void,
  ) {
    this.#ends = ends
    this.site = site
    this.crowd = children.crowd
    this.bad = children.bad
    this.#load = children.load
    this.#probe = children.probe
    this.say = say
  }

  /** Resolves once every key is served and the load runs. */
  static async start(ends: Ends, command: string | undefined, say: (text: string) => void): Promise<Run> {
    const site = await Site.start(ends, command)
    const well = new Child<ToNode, FromNode>(ends, 'subscriptions-node.ts', [String(PORTS)])
    const { ports } = await well.heard()
    const bad = {
      [HUNG]: new Child<ToNode, FromNode>(ends, 'subscriptions-node.ts', ['1']),
      [SICK]: new Child<ToNode, FromNode>(ends, 'subscriptions-node.ts', ['1']),
      [REFUSES]: new Child<ToNode, FromNode>(ends, 'subscriptions-node.ts', ['1']),
    }
    const others = ports.slice(0, 2).flatMap(port => Object.keys(bad).map(key => ({ key, port })))
    for (const [key, child] of Object.entries(bad))
      others.push({ key, port: (await child.heard()).ports[0]! })
    const crowd = new Child<ToCrowd, FromCrowd>(ends, 'subscriptions-crowd.ts')
    const load = new Child<ToLoad, FromLoad>(ends, 'subscriptions-load.ts')
    const probe = await Probe.start(ends, site.port, site.udpPort, ports[0]!)
    const run = new Run(ends, site, { crowd, bad, load, probe }, say)
    await crowd.tell({ kind: 'start', udpPort: site.udpPort, ports, others })
    await run.startUwsgi()
    await run.startUwsgi()
    say(`${KEYS * NODES_PER_KEY} nodes announce themselves`)
    const keys = [...Array.from({ length: KEYS }, (_, i) => keyName(i)), ...Object.keys(bad), REAL]
    for (const key of keys) await until(`${key} is served`, () => run.isServed(key), FILL_MS)
    await load.tell({ kind: 'start', port: site.port, groups: groups(keys) })
    run.#sent = await crowd.tell({ kind: 'manners', manners: GOOD_NETWORK })
    return run
  }

  async phase({ name, isSteady, act }: Phase, ms: number): Promise<void> {
    const before = glance(this.site.pid)
    const logged = this.site.log.length
    const endAt = performance.now() + ms
    const isOver = () => performance.now() >= endAt
    const seen: Seen[] = []
    const probing = this.#probeUntil(isOver, seen)
    await act(this, isOver, ms)
    await pause(Math.max(0, endAt - performance.now()))
    await probing
    const load = await this.#load.tell({ kind: 'look' })
    const sent = await this.crowd.tell({ kind: 'manners', manners: this.#manners })
    const written = this.site.log.slice(logged)
    const is = glance(this.site.pid)
    this.#failures.push(...load.failures)
    this.#phases.push({
      name,
      isSteady,
      seconds: (is.atMs - before.atMs) / 1_000,
      cpu: sharesBetween(before, is),
      load,
      sent: {
        announced: sent.announced - this.#sent.announced,
        left: sent.left - this.#sent.left,
        shouted: sent.shouted - this.#sent.shouted,
      },
      seen,
      memory: memoryOf(this.site.pid),
      log: { lines: written.split('\n').length - 1, bytes: written.length },
    })
    this.#sent = sent
    this.say(`${name}: ${load.failures.length} of ${sum(load.requests)} requests failed`)
  }

  async finish(): Promise<RunReport> {
    const gateways = gatewayPids(this.site.pid).length
    if (gateways !== RULES.gateways) this.oddities.push(`${gateways} gateways run at the end`)
    const { failures } = await this.#load.tell({ kind: 'stop' })
    this.oddities.push(...(await disagreements(this.site)))
    await this.crowd.tell({ kind: 'stop' })
    await this.site.stop('SIGTERM')
    const { oddities, notes, deeds } = this
    const verdict = judge([...this.#failures, ...failures], deeds satisfies Deeds, RULES)
    return { phases: this.#phases, verdict, log: this.site.log, oddities, notes }
  }

  async network(manners: Manners): Promise<void> {
    this.#manners = manners
    await this.crowd.tell({ kind: 'manners', manners })
  }

  async startUwsgi(): Promise<void> {
    const args = ['--master', '--processes=2', '--disable-logging']
    args.push(`--subscribe-to=127.0.0.1:${this.site.udpPort}:${REAL}`)
    this.#uwsgis.push(await startUwsgi(this.#ends, { app: APP, args }))
  }

  /** The oldest of the two, without a word, and another one in its place. */
  async killUwsgi(): Promise<void> {
    for (const pid of tree(this.#uwsgis.shift()!.pid)) process.kill(pid, 'SIGKILL')
    await this.startUwsgi()
  }

  /** On a connection of its own. */
  async isServed(key: string): Promise<boolean> {
    const connection = new ClientConnection(this.site.port)
    const outcome = await connection.ask(askFor(key))
    connection.close()
    return outcome.kind === 'answer' && outcome.answer.status === 200
  }

  async #probeUntil(isOver: () => boolean, seen: Seen[]): Promise<void> {
    while (!isOver()) {
      seen.push(await this.#probe.look())
      await pause(PROBE_PAUSE_MS)
    }
  }
}

// Some 500 requests a second: a gateway that is wrong about one key in a hundred is found out.
function groups(keys: readonly string[]): Group[] {
  const many = keys.slice(0, KEYS)
  const few = keys.slice(KEYS).map(key => ({ name: key, keys: [key], clients: 6, everyMs: 200 }))
  return [{ name: 'keys', keys: many, clients: 40, everyMs: 100 }, ...few]
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0)
}
