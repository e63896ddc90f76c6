// test/master/generations.test.ts: generations of gateways that fail, refuse, die and are stopped at the worst moments. Small
// programs stand for the gateways.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Picture } from '../../base/picture.ts'
import { GatewayFailed, Gateways, type GatewaysOptions } from '../../master/gateways.ts'
import { Generations } from '../../master/generations.ts'
import { heardLog } from '../support/controls.ts'
import { childrenOf, isAlive, until } from '../support/processes.ts'
import { freshDirectory } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

/** Notes what it hears, says ready, follows every picture, ends when it is told to. */
const GOOD = `
process.on('message', message => {
  note(message.kind + ' ' + (message.graceMs ?? message.picture?.version))
  if (message.kind === 'picture') say({ kind: 'ready' }, { kind: 'applied', version: message.picture.version })
  if (message.kind === 'stop') process.exit(0)
  if (message.kind === 'retire') process.exit(0)
})`
/** Is never ready. */
const SLOW = `process.on('message', message => note(message.kind) || message.kind === 'stop' && process.exit(0))`
/** Fails when others serve already. */
const FAILS = `process.on('message', message => setTimeout(() => {
  process.send({ kind: 'failed', problem: 'no' }, () => process.exit(1))
}, 300))`
const REFUSES = GOOD.replace(
  "{ kind: 'applied', version: message.picture.version }",
  "message.picture.version > 1 ? { kind: 'failed', problem: 'unheard of' } : { kind: 'applied', version: 1 }",
)

t.test('stop ends gateways that are only starting, and their start is given up', async t => {
  const house = open(t, { '1': SLOW })
  const begun = house.generations.begin(1, [], picture(1), 1000)
  const failed = t.rejects(begun, GatewayFailed)
  await until('it starts', () => house.said().includes('picture'))
  await house.generations.stop(0)
  t.same(house.alive(), [], 'nothing is left when stop is over')
  await failed
})

t.test('gateways load their code while it is found out what to tell them', async t => {
  const house = open(t, { '1': `note('loaded')\n${GOOD}` })
  await house.generations.begin(1, [], picture(1), 1000, async () => {
    await until('one runs', () => house.said().includes('loaded'))
    t.notMatch(house.said(), 'picture')
  })
  t.match(house.said(), /loaded\n(.*\n)*picture 1\n/)
})

t.test('one that dies before it was told anything is replaced', async t => {
  const house = open(t, { '1': `note('loaded')\n${GOOD}` })
  await house.generations.begin(1, [], picture(1), 1000, async () => {
    await until('it runs', () => house.alive().length === 1 && house.said().includes('loaded'))
    process.kill(house.alive()[0]!, 'SIGKILL')
  })
  t.equal(house.said().match(/loaded/g)?.length, 2)
})

t.test('a stop that comes before they were told anything ends them', async t => {
  const house = open(t, { '1': `note('loaded')\n${GOOD}` })
  const begun = house.generations.begin(1, [], picture(1), 1000, async () => {
    await until('it runs', () => house.said().includes('loaded'))
    await house.generations.stop(0)
  })
  await t.rejects(begun, GatewayFailed)
  t.same(house.alive(), [])
  t.notMatch(house.said(), 'picture')
})

t.test('when new gateways fail, those that served already finish what they took', async t => {
  const house = open(t, { '1': GOOD, '2': GOOD })
  await house.generations.begin(2, [], picture(1), 1000)
  const first = house.alive()
  house.play({ '1': GOOD, '2': FAILS })
  await t.rejects(house.generations.begin(2, [], picture(2), 1000), { message: 'no' })
  await until('all of the new ones are gone', () => house.alive().length === 2)
  t.same(house.alive(), first, 'the old ones serve on')
  t.match(house.said(), /retire 1000/)
  t.notMatch(house.said(), /stop/)
})

t.test('with eight generations alive the ninth waits, and a stop waits for nobody', async t => {
  const house = open(t, { '1': GOOD.replace("'retire'", "'never'") })
  for (let i = 1; i <= 9; i++) await house.generations.begin(1, [], picture(i), 60_000)
  t.equal(house.alive().length, 9)
  const waiting = t.rejects(house.generations.begin(1, [], picture(10), 60_000), GatewayFailed)
  const began = performance.now()
  await house.generations.stop(0)
  await waiting
  t.ok(performance.now() - began < 3000)
  t.same(house.alive(), [])
})

t.test('a gateway that cannot follow a picture says so, and only of the generation that serves', async t => {
  const house = open(t, { '1': GOOD, '2': REFUSES })
  await house.generations.begin(2, [], picture(1), 1000)
  t.same(await house.generations.update(picture(2)), ['unheard of'])
  house.play({ '1': GOOD, '2': GOOD })
  await house.generations.begin(2, [], picture(3), 60_000)
  t.same(await house.generations.update(picture(4)), [])
})

t.test('a process that cannot be started is tried again, and nobody else falls', async t => {
  let isPossible = false
  const house = open(t, { '1': GOOD })
  const gateways = new Gateways({
    ...house.options,
    count: 1,
    descriptors: () => {
      if (!isPossible) setTimeout(() => (isPossible = true), 10)
      if (!isPossible) throw new Error('out of everything')
      return []
    },
  })
  gateways.fork()
  await gateways.start(picture(1)())
  t.match(house.events, [{ msg: 'gateway died, replacing it', cause: 'out of everything' }])
  await gateways.stop(0)
})

t.test('what a gateway counted last is told before it is gone', async t => {
  const heard: string[] = []
  const counts = `process.on('message', message => {
    if (message.kind === 'picture') return say({ kind: 'ready' }, { kind: 'applied', version: 1 })
    const none = { accepted: 0, requests: 0, refused: 0, nodes: [], hits: [] }
    const counted = connections => ({ kind: 'counters', counters: { ...none, connections } })
    for (let i = 1; i < 200; i++) process.send(counted(i))
    process.send(counted(200), () => process.exit(0))
  })`
  const house = open(
    t,
    { '1': counts },
    {
      onCounters: (_, { connections }) => heard.push(`${connections}`),
      onGone: () => heard.push('gone'),
    },
  )
  await house.generations.begin(1, [], picture(1), 1000)
  await house.generations.stop(1000)
  t.equal(heard.length, 201)
  t.equal(heard.at(-1), 'gone')
})

function picture(version: number) {
  return () => ({ version, listeners: [] as Picture['listeners'] }) as Picture
}

/** @param programs of the gateways, by their number; each knows note(text) and say(...messages) */
function open(t: Test, programs: Record<string, string>, more: Partial<GatewaysOptions> = {}) {
  const directory = freshDirectory(t, {
    'gateway.mjs': `
import { appendFileSync, readFileSync } from 'node:fs'
const directory = import.meta.dirname
const own = process.argv[2].replace('gateway-', '')
const note = text => appendFileSync(directory + '/log', text + '\\n')
const say = (...messages) => { for (const message of messages) process.send(message) }
eval(JSON.parse(readFileSync(directory + '/programs'))[own])`,
    log: '',
    programs: '',
  })
  const { log: events, events: heard } = heardLog()
  const options = {
    log: events,
    entry: join(directory, 'gateway.mjs'),
    readOutput: child => {
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', bytes => appendFileSync(join(directory, 'log'), bytes))
      }
    },
    ...more,
  } satisfies Partial<GatewaysOptions>
  const play = (next: Record<string, string>) =>
    writeFileSync(join(directory, 'programs'), JSON.stringify(next))
  play(programs)
  const generations = new Generations(options)
  t.teardown(() => generations.stop(0))
  return {
    generations,
    options,
    events: heard,
    /** For gateways that start from now on. */
    play,
    said: () => readFileSync(join(directory, 'log'), 'utf8'),
    alive: () => childrenOf(process.pid, directory).filter(isAlive),
  }
}
