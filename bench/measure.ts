// bench/measure.ts: one row: a node, the peers that serve the row, and what they cost.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { idleRounds, measureIdle } from './idle.ts'
import { startNode } from './node.ts'
import type { Peer } from './peer.ts'
import { freePort, start } from './processes.ts'
import type { RowResult } from './result.ts'
import { measureLoad } from './rounds.ts'
import type { Row } from './row.ts'
import { type Begin, GATEWAY_CPU, LOAD_CPU, type Settings } from './settings.ts'

/**
 * @param peers those that do not serve the row are left out
 * @param progress told what happens, a line at a time
 */
export async function measureRow(
  row: Row,
  peers: readonly Peer[],
  allSettings: Settings,
  progress: (text: string) => void,
): Promise<RowResult> {
  const settings = { ...allSettings, directory: join(allSettings.directory, row.name) }
  mkdirSync(settings.directory)
  const { node, running } = await startNode(row, settings.directory, LOAD_CPU)
  const begin: Begin = async (peer, directory) => {
    mkdirSync(directory)
    const port = await freePort()
    const { certificate, sluice } = settings
    const spare = { tcp: await freePort(), udp: await freePort() }
    const job = { row, port, node, certificate, spare, directory, sluice }
    const running = await start(peer.name, peer.prepare(job), GATEWAY_CPU, port, directory)
    const companion = peer.companion?.(job)
    if (companion === undefined) return { port, running }
    const name = `companion-of-${peer.name}`
    const beside = await start(name, companion.command, LOAD_CPU, companion.port, directory)
    return { port, running: { ...running, stop: () => beside.stop().then(running.stop) } }
  }
  const able = peers.filter(peer => peer.serves(row))
  const { load } = row
  const results =
    load.kind === 'idle'
      ? await measureIdle({ ...row, load }, able, settings, begin, progress)
      : await measureLoad(row, able, settings, begin, progress)
  await running.stop()
  return {
    row: row.name,
    about: row.about,
    rounds: load.kind === 'idle' ? idleRounds(settings) : settings.rounds,
    comparedWith: row.comparedWith,
    unit: load.kind === 'idle' ? 'bytes' : 'µs',
    goal: row.goal ?? null,
    ...(row.rulesGoal === undefined ? {} : { rulesGoal: row.rulesGoal }),
    peers: results,
  }
}
