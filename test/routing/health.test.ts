// test/routing/health.test.ts: rests grow while a node keeps failing, and are forgiven with time; too many 5xx are a mark.
import t from 'tap'
import { Health } from '../../routing/health.ts'
import { HealthMemory } from '../../routing/health-memory.ts'
import { Latency } from '../../routing/latency.ts'
import { fakeNode } from './nodes.ts'

t.test('rests double up to the most', async t => {
  const health = new Health()
  let now = 0
  for (const ms of [100, 200, 400, 800, 1_000, 1_000]) {
    t.equal(health.nextRestMs(now, 100, 1_000), ms)
    now += ms
  }
})

t.test('failures during a rest are the same trouble', async t => {
  const health = new Health()
  t.equal(health.nextRestMs(0, 100, 1_000), 100)
  t.equal(health.nextRestMs(50, 100, 1_000), 100)
  t.equal(health.nextRestMs(149, 100, 1_000), 100)
  t.equal(health.nextRestMs(249, 100, 1_000), 200)
})

t.test('each quiet minute takes one doubling back', async t => {
  const health = new Health()
  for (const now of [0, 100, 300]) health.nextRestMs(now, 100, 10_000)
  t.equal(health.nextRestMs(700 + 60_000, 100, 10_000), 400, 'four, less one')
  t.notOk(health.isForgiven(700 + 120_000))
  t.ok(health.isForgiven(61_100 + 180_000))
  t.equal(health.nextRestMs(1e9, 100, 10_000), 100)
})

t.test('a rest that does not grow is as long as it was asked to be', async t => {
  const health = new Health()
  for (const now of [0, 500, 1_000]) t.equal(health.nextRestMs(now, 500, 500), 500)
  t.equal(health.nextRestMs(2_000, 500, 0), 500, 'a most below the first does not shorten it')
})

t.test('half of twenty answers being 5xx is a mark', async t => {
  const health = new Health()
  for (let i = 0; i < 10; i++) t.notOk(health.answered(false, i))
  for (let i = 10; i < 19; i++) t.notOk(health.answered(true, i))
  t.ok(health.answered(true, 19))
  t.notOk(health.answered(true, 20), 'counted anew')
})

t.test('few answers say nothing, and old ones are forgotten', async t => {
  const health = new Health()
  for (let i = 0; i < 19; i++) t.notOk(health.answered(true, 0))
  t.notOk(health.answered(true, 10_000), 'two windows later')
  for (let i = 0; i < 18; i++) t.notOk(health.answered(true, 10_000))
  t.ok(health.answered(true, 15_000), 'the window before counts')
})

t.test('a node that comes back has its rest and its history', async t => {
  const memory = new HealthMemory()
  const node = fakeNode('a')
  node.connectFailed('127.0.0.1', 0, 100, 1_000)
  memory.keep(node, 10)
  const record = memory.take('a', 20)!
  t.equal(record.restsUntil, 100)
  t.equal(record.health, node.health)
  t.equal(memory.take('a', 20), undefined, 'it was taken')
})

t.test('nothing is remembered of a node that did well, nor for ever', async t => {
  const memory = new HealthMemory()
  memory.keep(fakeNode('good'), 0)
  t.equal(memory.size, 0)
  const bad = fakeNode('bad')
  bad.connectFailed('127.0.0.1', 0, 100)
  memory.keep(bad, 0)
  t.equal(memory.take('bad', 1e6), undefined)
})

t.test('names that come and go do not fill the memory', async t => {
  const memory = new HealthMemory()
  for (let i = 0; i < 10_050; i++) {
    const node = fakeNode(`${i}`)
    node.connectFailed('127.0.0.1', 0, 100)
    memory.keep(node, 0)
  }
  t.equal(memory.size, 10_000)
  t.equal(memory.take('49', 1), undefined)
  t.ok(memory.take('50', 1))
})

t.test('latency: a peak at once, better times slowly, silence forgives', async t => {
  const latency = new Latency()
  t.equal(latency.at(0), 0)
  latency.observe(100, 0)
  t.equal(latency.at(0), 100)
  latency.observe(10, 1_000)
  t.ok(latency.at(1_000) > 80 && latency.at(1_000) < 100)
  latency.observe(500, 1_000)
  t.equal(latency.at(1_000), 500)
  t.ok(latency.at(101_000) < 1)
})
