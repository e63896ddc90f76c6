// test/support/rule-load.ts: megabytes of rules are loaded, and reloaded while requests come: how long that takes, how long a
// request waits meanwhile, and what memory it leaves.
import http from 'node:http'
// sleeps: between two requests, as it is light traffic that is measured, and it must not take the CPU of the reload
import { setTimeout as pause } from 'node:timers/promises'
import { CONTROL, reloadWith, statusOf } from './control.ts'
import { type Mix, manyRules } from './many-rules.ts'
import { readMemory } from './memory.ts'
import { gatewayPids } from './processes.ts'
import { type Sluice, startSluice } from './sluice.ts'
import type { Test } from './tmp.ts'

export interface RuleLoad {
  readonly rules: number
  /** From the start of the command until it serves, with the rules and without them. */
  readonly startMs: number
  readonly emptyStartMs: number
  readonly reloads: readonly ReloadFigures[]
}

export interface ReloadFigures {
  readonly tookMs: number
  /** Longest that a request waited while rules were read, sent and put in force. */
  readonly longestMs: number
  /** Longest that the master's control socket let somebody wait. */
  readonly masterMs: number
  /** Resident bytes, when the next requests were answered. */
  readonly master: number
  readonly gateway: number
}

/** A rule in front of all others, and one behind them. */
const FIRST = '^/first$ return:204'
const LAST = '^/last$ return:404'

/** Starts with so many bytes of rules, then puts others in force again and again. */
export async function loadRules(t: Test, bytes: number, mix: Mix, reloads: number): Promise<RuleLoad> {
  const empty = await timed(() => startSluice(t, `http = 127.0.0.1:0\n${CONTROL}http-to = 127.0.0.1:9\n`))
  await empty.value.stop()
  const { ini, count } = configOf(bytes, mix, 1)
  const { value: sluice, ms: startMs } = await timed(() => startSluice(t, `${CONTROL}${ini}`))
  const figures: ReloadFigures[] = []
  for (let i = 0; i < reloads; i++) figures.push(await reload(sluice, configOf(bytes, mix, i + 2).ini))
  await sluice.stop()
  return { rules: count, startMs, emptyStartMs: empty.ms, reloads: figures }
}

function configOf(bytes: number, mix: Mix, seed: number): { ini: string; count: number } {
  const lines = manyRules(bytes, mix, seed)
  const ini = `http = 127.0.0.1:0
http-processes = 1
http-to = 127.0.0.1:9
backend = key=a.example,address=http://127.0.0.1:9
route = ${FIRST}
${lines.join('\n')}
route = ${LAST}
`
  return { ini, count: lines.length }
}

async function reload(sluice: Sluice, ini: string): Promise<ReloadFigures> {
  const [gateway] = gatewayPids(sluice.pid)
  const ended = new AbortController()
  const waits = probe(sluice.url, ended.signal)
  const masterWaits = longestOf(() => statusOf(sluice), ended.signal)
  const { value: report, ms: tookMs } = await timed(() => reloadWith(sluice, ini))
  if (report.kind !== 'in place') throw new Error(`the reload was ${report.kind}: ${report.problem}`)
  ended.abort()
  const [longestMs, masterMs] = await Promise.all([waits, masterWaits])
  return { tookMs, longestMs, masterMs, master: readMemory(sluice.pid), gateway: readMemory(gateway!) }
}

/** Requests on one connection, some a millisecond apart. @returns the longest wait for an answer */
async function probe(url: string, signal: AbortSignal): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  let turn = 0
  const longest = await longestOf(async () => {
    const isFirst = turn++ % 2 === 0
    const status = await ask(agent, `${url}${isFirst ? 'first' : 'last'}`)
    if (status !== (isFirst ? 204 : 404)) throw new Error(`a request got ${status}`)
  }, signal)
  agent.destroy()
  return longest
}

async function longestOf(work: () => Promise<unknown>, signal: AbortSignal): Promise<number> {
  let longest = 0
  while (!signal.aborted) {
    longest = Math.max(longest, (await timed(work)).ms)
    await pause(1)
  }
  return longest
}

function ask(agent: http.Agent, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent }, response => {
        response.resume()
        response.once('end', () => resolve(response.statusCode!))
      })
      .once('error', reject)
  })
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const begun = performance.now()
  const value = await work()
  return { value, ms: performance.now() - begun }
}
