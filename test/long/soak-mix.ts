// test/long/soak-mix.ts: a while of every kind of load at once: those that wrk and OpenSSL can make, and those of clients
// with a mind of their own.
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
// sleeps: a load has its length
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { applyLoad } from '../../bench/load.ts'
import { spawnOn } from '../../bench/processes.ts'
import type { Requests, Row } from '../../bench/row.ts'
import { ROWS } from '../../bench/rows.ts'
import { LOAD_CPU } from '../../bench/settings.ts'
import { runPacedWrk } from '../../bench/wrk.ts'
import type { ClientsReport } from './soak-clients.ts'
import type { Site } from './soak-site.ts'

/** Requests a second. What these ask for together leaves the gateway some room. */
const RATES: Readonly<Record<string, number>> = {
  'keep-alive': 400,
  browser: 400,
  'answer-10k': 200,
  'answer-100k': 50,
  'answer-1m': 10,
  'post-10k': 100,
  'post-100k': 30,
  https: 200,
  'https-100k': 20,
}
/** As fast as four clients make them, for a part of the time: more would leave nothing for the others. */
const HANDSHAKES_SECONDS = 2

export interface MixReport {
  readonly requests: number
  /** What well-behaved clients met that they should not have; empty when all went well. */
  readonly errors: readonly string[]
  readonly clients: ClientsReport
}

/**
 * @param freshRate connections a second that are made for one request each
 * @returns once every client has gone
 */
export async function mix(site: Site, seconds: number, freshRate: number): Promise<MixReport> {
  const errors: string[] = []
  let requests = 0
  const load = async (name: string, run: (row: Row, directory: string) => ReturnType<typeof applyLoad>) => {
    const directory = join(site.directory, `mix-${name}`)
    mkdirSync(directory, { recursive: true })
    const done = await run(rowOf(name), directory)
    requests += done.requests
    errors.push(...done.errors.filter(isTrouble).map(error => `${name}: ${error}`))
  }
  const paced = (name: string, rate: number) =>
    load(name, (row, directory) => {
      const target = { port: portFor(site, row), cpu: LOAD_CPU, directory }
      return runPacedWrk(row.client, row.load as Requests, target, seconds, rate)
    })
  const handshakes = async (): Promise<void> => {
    for (const name of ['handshake', 'resumed']) {
      await load(name, (row, directory) =>
        applyLoad(row, { port: site.https, cpu: LOAD_CPU, directory }, HANDSHAKES_SECONDS),
      )
    }
  }
  const [clients] = await Promise.all([
    runClientsApart(site, seconds),
    handshakes(),
    paced('fresh', freshRate),
    ...Object.entries(RATES).map(([name, rate]) => paced(name, rate)),
  ])
  return { requests, errors: [...errors, ...clients.errors], clients }
}

// For wrk every pause beyond two seconds is a time-out, also those that it was asked for.
function isTrouble(error: string): boolean {
  return !/^Socket errors: connect 0, read 0, write 0, timeout/.test(error)
}

/** A row of the bench. */
export function rowOf(name: string): Row {
  return ROWS.find(row => row.name === name)!
}

/** Where a row's clients go. */
export function portFor(site: Site, row: Row): number {
  return row.client === 'https' ? site.https : site.http
}

const CLIENTS = fileURLToPath(new URL('soak-clients.ts', import.meta.url))
const LATE_MS = 30_000

async function runClientsApart(site: Site, seconds: number): Promise<ClientsReport> {
  const command = [process.execPath, CLIENTS, String(site.http), String(site.https), String(seconds)]
  const child = spawnOn(LOAD_CPU, command, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const late = pause(seconds * 1000 + LATE_MS, 'late', { ref: false })
  if ((await Promise.race([once(child, 'close'), late])) === 'late') {
    child.kill('SIGKILL')
    throw new Error('the clients with a mind of their own do not end')
  }
  return JSON.parse(said)
}
