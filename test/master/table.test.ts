// test/master/table.test.ts: what gateways are told of announced nodes over their channel: all of it before they listen, every
// change after that, and no more than they read. Small programs stand for the gateways.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { KeyPicture, NodePicture, Picture } from '../../base/picture.ts'
import type { GatewaysOptions } from '../../master/gateways.ts'
import { Generations } from '../../master/generations.ts'
import { heardLog } from '../support/controls.ts'
import { until } from '../support/processes.ts'
import { freshDirectory } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

/** Writes down what it was told, and when asked to open its log again, which nodes it knows. */
const PROGRAM = `
import { appendFileSync } from 'node:fs'
const note = (...words) => appendFileSync(import.meta.dirname + '/log', words.join(' ') + '\\n')
const nodes = new Set()
let messages = 0
process.on('message', message => {
  messages++
  for (const { gone, nodes: coming } of message.keys ?? []) {
    for (const name of gone) nodes.delete(name)
    for (const { name } of coming) nodes.add(name)
  }
  if (message.kind === 'table') note('table', message.keys.map(({ key, nodes }) => key + ':' + nodes.length))
  if (message.kind === 'verdicts') note('verdicts', JSON.stringify(message.verdicts))
  if (message.kind === 'picture') {
    note('picture', message.picture.version)
    process.send({ kind: 'ready' })
    process.send({ kind: 'applied', version: message.picture.version })
  }
  if (message.kind === 'reopen') {
    note('knows', messages, [...nodes].sort().join())
    process.send({ kind: 'reopened' })
  }
  if (message.kind === 'stop' || message.kind === 'retire' && message.graceMs === 0) process.exit(0)
})`

t.test('a gateway knows all nodes and verdicts before its first picture', async t => {
  const house = open(t, {
    table: () => [[keyWith('a', 2)], [keyWith('b', 1)]],
    verdicts: () => [{ name: 'http://x:1', isWell: false }],
  })
  await house.generations.begin(1, [], picture(1), 0)
  t.same(house.said(), [
    'table a:2',
    'table b:1',
    'verdicts [{"name":"http://x:1","isWell":false}]',
    'picture 1',
  ])
})

t.test('changes go to every gateway of every generation, also to one that is only starting', async t => {
  const house = open(t)
  await house.generations.begin(1, [], picture(1), 60_000)
  const starting = house.generations.begin(1, [], picture(2), 60_000)
  house.generations.publish([keyWith('a', 1)])
  house.generations.judge([{ name: 'a 0', isWell: false }])
  await starting
  await until('both heard of it', () => house.said().filter(line => line === 'table a:1').length === 2)
  await until(
    'and of the verdict',
    () => house.said().filter(line => line.startsWith('verdicts')).length === 2,
  )
})

t.test('one that takes the place of a dead one has what changed meanwhile', async t => {
  const known: KeyPicture[][] = []
  const house = open(t, { table: () => known })
  await house.generations.begin(1, [], picture(1), 0)
  known.push([keyWith('a', 3)])
  process.kill(house.pid(), 'SIGKILL')
  await until('its successor knows it', () => house.said().includes('table a:3'))
})

t.test('what waits to be told when a gateway starts is told to it once', async t => {
  const house = open(t, {
    table: () => {
      house.generations.publish([keyWith('late', 1)])
      return [[keyWith('late', 1)]]
    },
  })
  await house.generations.begin(1, [], picture(1), 0)
  t.same(house.said(), ['table late:1', 'picture 1'])
})

t.test('a gateway that hangs is sent little, and has the last word once it reads again', async t => {
  const house = open(t)
  await house.generations.begin(1, [], picture(1), 0)
  process.kill(house.pid(), 'SIGSTOP')
  for (let round = 0; round < 300; round++) {
    const nodes = Array.from({ length: 100 }, (_, i) => node(`k ${round * 100 + i}`))
    const gone = Array.from({ length: 100 }, (_, i) => `k ${(round - 1) * 100 + i}`)
    house.generations.publish([{ key: 'k', algo: '', nodes, gone }])
    await new Promise(resolve => setImmediate(resolve))
  }
  house.generations.judge([{ name: 'k 29999', isWell: false }])
  house.generations.judge([{ name: 'k 29999', isWell: true }])
  process.kill(house.pid(), 'SIGCONT')
  await until('it heard the verdict', () => house.said().some(line => line.startsWith('verdicts')))
  await house.generations.reopenLogs()
  const [, messages, names] = house
    .said()
    .at(-1)!
    .split(/ (\d+) /)
  t.ok(Number(messages) < 100, `${messages} messages`)
  t.same(names?.split(',').length, 100)
  t.match(names, /^k 29900,.*k 29999$/)
  t.same(
    house.said().filter(line => line.startsWith('verdicts')),
    ['verdicts [{"name":"k 29999","isWell":true}]'],
  )
})

function node(name: string): NodePicture {
  const endpoint = { kind: 'tcp', addresses: ['10.0.0.1'], port: 1 } as const
  return { name, proto: 'http', endpoint, weight: 1, modifier1: 0, modifier2: 0 }
}

function keyWith(key: string, count: number): KeyPicture {
  return { key, algo: '', nodes: Array.from({ length: count }, (_, i) => node(`${key} ${i}`)), gone: [] }
}

function picture(version: number) {
  return () => ({ version, listeners: [] as Picture['listeners'] }) as Picture
}

function open(t: Test, more: Partial<GatewaysOptions> = {}) {
  const directory = freshDirectory(t, { 'gateway.mjs': PROGRAM, log: '' })
  const generations = new Generations({
    log: heardLog().log,
    entry: join(directory, 'gateway.mjs'),
    ...more,
  })
  t.teardown(() => generations.stop(0))
  return {
    generations,
    /** Of the gateway that serves. */
    pid: () => generations.status(() => 0)[0]!.pid,
    said: () => readFileSync(join(directory, 'log'), 'utf8').split('\n').slice(0, -1),
  }
}
