// test/long/reload-one.ts: a single gateway, killed and reloaded in turns: whoever connects in between waits and is served.
import { gatewayPids, isAlive, until } from '../support/processes.ts'
import { ClientConnection, type Outcome } from './reload-connection.ts'
import type { System } from './reload-systems.ts'

export interface OneResult {
  readonly kills: number
  readonly reloads: number
  /** Requests on fresh connections made while no gateway lived, or while a reload went on. */
  readonly requests: number
  readonly failures: readonly string[]
  /** Longest wait, in milliseconds, of a client that connected while no gateway lived; and while a reload went on. */
  readonly longestKillMs: number
  readonly longestReloadMs: number
}

const CLIENTS = 50
const DEATH_MS = 5_000
const HEAD = 'GET /http/small HTTP/1.1\r\nHost: reload.test\r\nX-Id: served\r\nConnection: close\r\n\r\n'
const AT_ONCE = { body: null, pauseMs: 0, headPiece: 0, bodyPiece: 0, readPauseMs: 0 }

/** @param system with one gateway. The config has a version for each turn. */
export async function killAndReload(system: System, turns: number): Promise<OneResult> {
  const failures: string[] = []
  let longestKillMs = 0
  let longestReloadMs = 0
  for (let turn = 1; turn <= turns; turn++) {
    await killGateway(system.pid)
    const killed = await askAll(system.port)
    failures.push(...killed.failures.map(text => `after kill ${turn}: ${text}`))
    longestKillMs = Math.max(longestKillMs, killed.longestMs)

    const reload = system.reload(turn)
    const reloaded = await askUntil(reload, system.port)
    failures.push(...reloaded.failures.map(text => `during reload ${turn}: ${text}`))
    longestReloadMs = Math.max(longestReloadMs, reloaded.longestMs)
    await reload
  }
  return {
    kills: turns,
    reloads: turns,
    requests: turns * CLIENTS * 2,
    failures,
    longestKillMs,
    longestReloadMs,
  }
}

// Returns when it is dead for sure and, as a rule, before its successor runs.
async function killGateway(master: number): Promise<void> {
  await until('a gateway serves', () => gatewayPids(master).length > 0, DEATH_MS)
  const pids = gatewayPids(master)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await until('the gateway is dead', () => !pids.some(isAlive), DEATH_MS)
}

interface Asked {
  readonly failures: string[]
  readonly longestMs: number
}

async function askAll(port: number): Promise<Asked> {
  const begunAt = performance.now()
  const outcomes = await Promise.all(Array.from({ length: CLIENTS }, () => askOnce(port)))
  return { failures: outcomes.flatMap(failureOf), longestMs: performance.now() - begunAt }
}

// One after the other, so that they come at every moment of it; the rest behind it.
async function askUntil(done: Promise<unknown>, port: number): Promise<Asked> {
  const failures: string[] = []
  let longestMs = 0
  for (let i = 0; i < CLIENTS; i++) {
    const begunAt = performance.now()
    failures.push(...failureOf(await askOnce(port)))
    longestMs = Math.max(longestMs, performance.now() - begunAt)
  }
  await done
  return { failures, longestMs }
}

async function askOnce(port: number): Promise<Outcome> {
  const connection = new ClientConnection(port)
  const outcome = await connection.ask({ head: HEAD, ...AT_ONCE })
  connection.close()
  return outcome
}

function failureOf(outcome: Outcome): string[] {
  if (outcome.kind === 'fault') return [`${outcome.fault}: ${outcome.text}`]
  const { status, body } = outcome.answer
  return status === 200 && body === 'served' ? [] : [`${status} ${body}`]
}
