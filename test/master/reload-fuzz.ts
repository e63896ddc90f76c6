// test/master/reload-fuzz.ts: good and bad configs reloaded in random order, while gateways are killed, paused and told to
// rotate logs. After each step the config in force must be the last good one, as requests, status and the system tell it.
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import { Random } from '../long/fuzz-random.ts'
import { CONTROL, reloadWith, statusOf } from '../support/control.ts'
import { childrenOf, gatewayPids, isAlive, until } from '../support/processes.ts'
import { freshDirectory, type Sluice, startSluice } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

/** What a config asks for. */
interface Asked {
  readonly nodes: readonly string[]
  readonly processes: number
  /** UNIX sockets beside the one TCP listener. */
  readonly extras: readonly string[]
  readonly log: string | null
  readonly daemon: string | null
  readonly timeout: number
}

const FIRST: Asked = {
  nodes: ['n0'],
  processes: 1,
  extras: [],
  log: null,
  daemon: null,
  timeout: 60,
}
const NODES = ['n0', 'n1', 'n2', 'n3']
const EXTRAS = ['a.sock', 'b.sock', 'c.sock']
const REQUESTS = 6
/** Until all that a step left behind is gone. */
const QUIET_MS = 20_000
const EVERY = 6 // steps between two looks at what is left over
const BAD = [
  'http-timeuot = 5',
  'http-processes = 0',
  'http = 192.0.2.1:0',
  'http = TAKEN',
  'http = d.sock\nhttp = missing/e.sock',
  'https = 127.0.0.1:0,none.pem,none.key',
  'access-log = missing/a.log',
  'include = missing.ini',
  'chdir = missing',
]

/**
 * @param seed the same one does the same again, but for the moments at which the system does its part
 * @returns what is wrong, each with the step it was noticed at; it ends with the first
 */
export async function fuzzReloads(t: Test, seed: number, steps: number): Promise<readonly string[]> {
  const round = new Round(t, new Random(seed))
  try {
    await round.start()
    for (let i = 0; i < steps && round.problems.length === 0; i++) await round.step(i)
    await round.end()
  } catch (error) {
    round.problems.push(`${round.what}: ${(error as Error).stack}`)
  }
  return round.problems.map(problem => `seed ${seed}: ${problem}\n${round.tail()}`)
}

class Round {
  readonly problems: string[] = []
  /** The step that is under way. */
  what = 'start'
  readonly #t: Test
  readonly #random: Random
  readonly #nodes = new Map<string, string>() // name -> address
  readonly #descriptors = new Map<string, number>() // by shape of the instance
  #sluice: Sluice | null = null
  #asked: Asked = FIRST
  #reloads = 0
  #isPaused = false
  #taken = ''

  constructor(t: Test, random: Random) {
    this.#t = t
    this.#random = random
  }

  async start(): Promise<void> {
    for (const name of NODES) this.#nodes.set(name, await startNode(this.#t, name))
    const taken = net.createServer().listen(0, '127.0.0.1').unref()
    await once(taken, 'listening')
    this.#t.teardown(() => taken.close())
    this.#taken = `127.0.0.1:${(taken.address() as net.AddressInfo).port}`
    const cwd = freshDirectory(this.#t)
    this.#sluice = await startSluice(this.#t, { ini: `[sluice]\n${CONTROL}${this.#ini(FIRST)}`, cwd })
  }

  async step(index: number): Promise<void> {
    const kind = this.#random.below(20)
    this.what = `step ${index} (${kind})`
    if (kind < 9) await this.#reload(kind < 3)
    else if (kind < 13) await this.#refused()
    else if (kind < 15) await this.#inHand()
    else if (kind < 17) this.#kill()
    else if (kind < 19) await this.#pause()
    else writeFileSync(join(this.#at.directory, 'fifo'), this.#random.pick(['L', 'l', 'P', 's', 'LL']))
    await this.#check()
    if (index % EVERY === EVERY - 1) await this.#quiet()
  }

  /** Stops it; nothing may be left. */
  async end(): Promise<void> {
    this.what = 'end'
    const sluice = this.#at
    const children = childrenOf(sluice.pid)
    const late = this.#random.happens(0.5)
      ? reloadWith(sluice, this.#ini(this.#asked), { replace: true })
      : null
    late?.catch(() => {}) // it may end first
    const { code, stderr } = await sluice.stop(this.#random.pick(['SIGTERM', 'SIGINT']))
    this.#expect('exit code', code, 0)
    this.#expect('children left', children.filter(isAlive), [])
    const left = readdirSync(sluice.directory).filter(name => /sock$|fifo$|\.pid$/.test(name))
    this.#expect('files left', left, [])
    this.#expect('internal errors', /SLUICE_INTERNAL|internal error/.exec(stderr)?.[0], undefined)
    for (const name of readdirSync(sluice.directory).filter(name => name.startsWith('log-'))) {
      const torn = readFileSync(join(sluice.directory, name), 'utf8').split('\n').slice(0, -1)
      this.#expect(
        'torn lines',
        torn.filter(line => !/^\[pid: \d+\|.* tries \d+$/.test(line)),
        [],
      )
    }
  }

  /** What the instance said last. */
  tail(): string {
    return this.#sluice?.stderr().split('\n').slice(-12).join('\n') ?? ''
  }

  get #at(): Sluice {
    return this.#sluice!
  }

  async #reload(replace: boolean): Promise<void> {
    const asked = this.#random.happens(0.15) ? this.#asked : this.#other()
    const victims = this.#random.happens(0.3) ? this.#killSoon() : null
    const isTwice = this.#random.happens(0.2)
    const reports = await Promise.all([
      reloadWith(this.#at, this.#ini(asked), { replace }),
      ...(isTwice ? [reloadWith(this.#at, this.#ini(asked), { replace })] : []),
    ])
    await victims
    for (const { kind, problem } of new Set(reports)) {
      if (kind === 'refused' && victims !== null && /the gateways cannot start/.test(problem)) continue
      if (kind === 'refused' || kind === 'stopping') this.problems.push(`${this.what}: ${kind}: ${problem}`)
      this.#asked = asked
    }
    this.#reloads = (await statusOf(this.#at)).reloads
  }

  async #refused(): Promise<void> {
    const before = await statusOf(this.#at)
    const bad = this.#random.pick(BAD).replace('TAKEN', this.#taken)
    const replace = this.#random.happens(0.3)
    const { kind, problem } = await reloadWith(this.#at, `${this.#ini(this.#other())}${bad}\n`, { replace })
    this.#expect('kind of a bad reload', kind, 'refused')
    this.#expect('located problem', /sluice\.ini:\d+: /.test(problem), true)
    const after = await statusOf(this.#at)
    this.#expect('reloads', after.reloads, before.reloads)
    this.#expect('listeners', after.listeners, before.listeners)
    this.#expect('socket files of a refused reload', existsSync(join(this.#at.directory, 'd.sock')), false)
  }

  // A slow exchange ends whole by the config it began with, whatever is reloaded meanwhile.
  async #inHand(): Promise<void> {
    if (this.#isPaused) return
    const slow = this.#ask({ path: '/slow' })
    await this.#reload(this.#random.happens(0.5))
    const body = await slow
    this.#expect('slow exchange', NODES.includes(body) || body === 'reset', true)
  }

  #kill(): void {
    const pids = gatewayPids(this.#at.pid)
    if (pids.length > 0) killOf(this.#random.pick(pids))
  }

  // While a reload is under way; never one seat three times, which a start would be given up for.
  async #killSoon(): Promise<void> {
    // sleeps: the moment of the kill is what varies
    await new Promise(resolve => setTimeout(resolve, this.#random.below(120)))
    this.#kill()
  }

  async #pause(): Promise<void> {
    this.#at.kill('SIGTSTP')
    const isPaused = !this.#isPaused
    const isDone = async () => (await statusOf(this.#at)).isPaused === isPaused
    await until('paused or resumed', isDone, QUIET_MS)
    this.#isPaused = isPaused
  }

  async #check(): Promise<void> {
    const { directory } = this.#at
    const status = await statusOf(this.#at)
    const asked = this.#asked
    this.#expect('isPaused', status.isPaused, this.#isPaused)
    this.#expect('reloads', status.reloads, this.#reloads)
    const names = asked.nodes.map(name => `http://${this.#nodes.get(name)}`)
    this.#expect('nodes', status.nodes.map(({ name }) => name).toSorted(), names.toSorted())
    const sockets = readdirSync(directory).filter(name => /^[a-z]\.sock$/.test(name))
    this.#expect('socket files', sockets.toSorted(), asked.extras.toSorted())
    this.#expect('listeners', status.listeners.length, 1 + asked.extras.length)
    if (this.#isPaused) return
    for (let i = 0; i < REQUESTS; i++) this.#expectNode(await this.#ask({ path: '/' }))
    for (const name of asked.extras) {
      this.#expectNode(await this.#ask({ path: '/', socketPath: join(directory, name) }))
    }
  }

  // Nothing is left of what came before.
  async #quiet(): Promise<void> {
    const { pid } = this.#at
    const { processes, extras, daemon, log } = this.#asked
    const gateways = this.#isPaused ? 0 : processes
    const children = gateways + (daemon === null ? 0 : 1)
    await until(`${children} children`, () => childrenOf(pid).length === children, QUIET_MS)
    await until(
      'all serve',
      async () => {
        const states = (await statusOf(this.#at)).gateways.map(({ state }) => state)
        return states.length === gateways && states.every(state => state === 'serving')
      },
      QUIET_MS,
    )
    const shape = JSON.stringify([gateways, extras.length, daemon !== null, log === null])
    const most = this.#descriptors.get(shape)
    await until(
      'the last asking connection is gone',
      () => most === undefined || descriptors(pid) <= most,
    ).catch(() => this.#expect(`descriptors of ${shape}`, descriptors(pid), most))
    if (most === undefined) this.#descriptors.set(shape, descriptors(pid) + 1) // a connection that is just ending
    if (gateways > 0) await until('open connections are counted', async () => (await this.#open()) === 0)
  }

  async #open(): Promise<number> {
    return (await statusOf(this.#at)).counters.connections
  }

  #other(): Asked {
    const random = this.#random
    const some = (all: readonly string[], least: number) => {
      const chosen = all.filter(() => random.happens(0.5))
      return chosen.length >= least ? chosen : all.slice(0, least)
    }
    return {
      nodes: some(NODES, 1),
      extras: random.happens(0.5) ? this.#asked.extras : some(EXTRAS, 0),
      processes: random.happens(0.6) ? this.#asked.processes : 1 + random.below(3),
      log: random.pick([null, 'log-a', 'log-b', this.#asked.log]),
      daemon: random.pick([null, 'exec sleep 1000', 'exec sleep 2000', this.#asked.daemon]),
      timeout: 50 + random.below(20),
    }
  }

  #ini({ nodes, processes, extras, log, daemon, timeout }: Asked): string {
    return [
      'http = 127.0.0.1:0',
      'master-fifo = fifo',
      'safe-pidfile = run.pid',
      'reload-mercy = 1',
      `http-processes = ${processes}`,
      `http-timeout = ${timeout}`,
      ...nodes.map(name => `http-to = http://${this.#nodes.get(name)}`),
      ...extras.map(name => `http = ${name}`),
      ...(log === null ? [] : [`access-log = ${log}`]),
      ...(daemon === null ? [] : [`attach-daemon = ${daemon}`]),
      '',
    ].join('\n')
  }

  // A gateway that was killed takes the connections with it that it had accepted, and no others: those are tried again.
  async #ask(options: { readonly path: string; readonly socketPath?: string }): Promise<string> {
    const { hostname, port } = new URL(this.#at.url)
    for (let tries = 0; tries < 5; tries++) {
      const body = await ask(options.socketPath ? options : { ...options, hostname, port })
      if (body !== 'reset' || options.path === '/slow') return body
    }
    return 'reset'
  }

  #expectNode(body: string): void {
    if (!this.#asked.nodes.includes(body)) {
      this.problems.push(`${this.what}: answered by ${body}, not one of ${this.#asked.nodes.join(' ')}`)
    }
  }

  #expect(what: string, is: unknown, wanted: unknown): void {
    const [found, expected] = [JSON.stringify(is), JSON.stringify(wanted)]
    if (found !== expected) this.problems.push(`${this.what}: ${what}: ${found}, not ${expected}`)
  }
}

async function ask(options: http.RequestOptions): Promise<string> {
  try {
    const request = http.get({ ...options, agent: false })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    let body = ''
    for await (const piece of response) body += piece
    return response.statusCode === 200 ? body : `status ${response.statusCode}`
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ECONNRESET' ? 'reset' : `error ${code}`
  }
}

async function startNode(t: Test, name: string): Promise<string> {
  const server = http.createServer((request, response) => {
    if (request.url !== '/slow') return response.end(name)
    response.write(name.slice(0, 1))
    setTimeout(() => response.end(name.slice(1)), 300)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter(fd => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) !== ''
    } catch {
      return false
    }
  }).length
}

function killOf(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone meanwhile
  }
}
