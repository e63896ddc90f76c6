// master/master.ts: the life of an instance: binds, starts daemons and gateways, keeps them going, ends them all.
// It carries no traffic.
import type { Picture, TlsPicture } from '../base/picture.ts'
import { selfSigned } from '../certs/manage/self-signed.ts'
import { openStateDirectory, stateDirectories } from '../certs/manage/state-directory.ts'
import type { Place } from '../config/config.ts'
import { bindProblem } from './bind-problem.ts'
import { forbidCoreDumps } from './core-dumps.ts'
import { Daemons } from './daemons.ts'
import { GatewayFailed, Gateways } from './gateways.ts'
import { tcpHolder } from './holder.ts'
import type { Log } from './log.ts'
import { Names } from './names.ts'
import { buildPicture, nodeHosts } from './picture.ts'
import { checkPidfile, removePidfile, writePidfile } from './pidfile.ts'
import type { StartPlan } from './plan.ts'
import { StartRefused } from './refused.ts'
import { type Served, servedUrls } from './served.ts'
import { type BoundListener, bindAll } from './sockets.ts'

/** Milliseconds that exchanges in hand have at a graceful stop. */
const GRACE_MS = 60_000
/** Milliseconds that a start waits for DNS before it goes on without. */
const NAMES_MS = 3000

export type StopMode = 'graceful' | 'now' | 'kill'

export class Master {
  readonly #plan: StartPlan
  readonly #log: Log
  readonly #names: Names
  readonly #daemons: Daemons
  #bound: BoundListener[] = []
  #tls: (TlsPicture | null)[] = []
  #gateways: Gateways | null = null
  #version = 0
  #stopped: Promise<void> | null = null

  constructor(plan: StartPlan, log: Log) {
    this.#plan = plan
    this.#log = log
    this.#names = new Names(nodeHosts(plan.config), () => this.#update(), log)
    const { daemons, directory: cwd, daemonEnv: env } = plan
    this.#daemons = new Daemons({ daemons, cwd, env, log })
  }

  /**
   * Resolves once every gateway listens. After a failure stop() cleans up.
   *
   * @throws StartRefused with what people should read
   */
  async start(): Promise<Served[]> {
    const plan = this.#plan
    if (plan.pidfile) checkPidfile(plan.pidfile)
    await forbidCoreDumps(this.#log)
    this.#tls = await this.#readTls()
    const copies = plan.hasSocketPerGateway ? plan.gateways : 1
    this.#bound = await bindAll(plan.binds, { copies, isShared: plan.config.values['reuse-port'] })
    await this.#names.start(NAMES_MS)
    if (this.#stopped) {
      this.#closeListeners()
      return []
    }
    this.#daemons.start()
    const picture = this.#picture()
    await this.#startGateways(picture)
    if (plan.pidfile && !this.#stopped) writePidfile(plan.pidfile)
    return servedUrls(plan, this.#bound, picture.nodes)
  }

  /** Ends everything. A second call may be less patient than the first, and joins it. */
  stop(mode: StopMode): Promise<void> {
    const first = this.#stopped
    if (first) {
      void this.#gateways?.stop(0)
      if (mode !== 'graceful') void this.#daemons.stop(true)
      return first
    }
    this.#stopped = this.#stopAll(mode)
    return this.#stopped
  }

  // Gateways before daemons: what is in hand may need the application that runs as one. An address refuses
  // connections only when our descriptor is closed too; as long as it is open they would wait for nobody.
  async #stopAll(mode: StopMode): Promise<void> {
    this.#names.stop()
    const gatewaysGone = this.#gateways?.stop(mode === 'graceful' ? GRACE_MS : 0)
    this.#closeListeners()
    await gatewaysGone
    await this.#daemons.stop(mode === 'kill')
    if (this.#plan.pidfile) removePidfile(this.#plan.pidfile.path)
  }

  #closeListeners(): void {
    for (const listener of this.#bound) listener.close()
  }

  #update(): void {
    if (!this.#stopped) this.#gateways?.update(this.#picture())
  }

  async #startGateways(picture: Picture): Promise<void> {
    this.#gateways = new Gateways({
      count: this.#plan.gateways,
      descriptors: index => this.#bound.map(listener => listener.fd(index)),
      picture,
      log: this.#log,
    })
    try {
      await this.#gateways.start()
    } catch (error) {
      throw error instanceof GatewayFailed ? this.#gatewayProblem(error) : error
    }
  }

  #picture(): Picture {
    const addresses = (host: string) => this.#names.addresses(host)
    this.#version++
    return buildPicture({
      plan: this.#plan,
      bound: this.#bound,
      tls: this.#tls,
      addresses,
      version: this.#version,
    })
  }

  async #readTls(): Promise<(TlsPicture | null)[]> {
    const pictures: (TlsPicture | null)[] = []
    for (const [i, tls] of this.#plan.tls.entries()) {
      const place = this.#plan.listeners[i]!.place
      const certificate =
        tls?.certificate === 'self-signed' ? await this.#selfSigned(place) : tls?.certificate
      pictures.push(
        tls && certificate ? { cert: certificate.cert, key: certificate.key, ...tls.settings } : null,
      )
    }
    return pictures
  }

  async #selfSigned(place: Place): Promise<{ cert: string; key: string }> {
    const directory = openStateDirectory()
    if (directory === null) {
      throw new StartRefused('SLUICE_CERTIFICATE_INVALID', [{ place, ...stateProblem(stateDirectories()) }])
    }
    const made = await selfSigned(directory)
    if ('problem' in made) throw new StartRefused('SLUICE_CERTIFICATE_INVALID', [{ place, ...made }])
    if (made.isNew) this.#log.info({ file: made.file }, 'made a self-signed certificate')
    return made
  }

  // Two starts at once both bind, as neither listens yet; the later one learns it here.
  #gatewayProblem(error: GatewayFailed): StartRefused {
    const taken = this.#bound.filter(({ request: { target } }) => {
      return target.kind === 'tcp' && target.port !== 0 && tcpHolder(target.host, target.port) !== null
    })
    const inUse = Object.assign(new Error(error.message), { code: 'EADDRINUSE' })
    if (taken.length > 0) {
      return new StartRefused(
        'SLUICE_BIND_FAILED',
        taken.map(({ request }) => bindProblem(request, inUse)),
      )
    }
    const place = this.#plan.listeners[0]!.place
    const problem = `the gateways cannot start: ${error.message}`
    return new StartRefused('SLUICE_START_FAILED', [
      { place, problem, remedy: 'Correct the cause, then start again' },
    ])
  }
}

function stateProblem(tried: readonly string[]): { problem: string; remedy: string } {
  const [first, ...others] = tried
  const [who, which] =
    others.length === 0 ? [`${first} cannot`, 'it'] : [`none of ${tried.join(', ')} can`, 'one of them']
  return {
    problem: `${who} hold the self-signed certificate`,
    remedy: `Make ${which} writable, or name another directory in STATE_DIRECTORY`,
  }
}
