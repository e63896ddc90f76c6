// test/subscription/real/restarts.test.ts: what was announced outlives a restart of Sluice.
import t from 'tap'
import { get } from '../../support/subscribing.ts'
import { freshPlace, HOST, isServed, SELDOM, startHouse, subscriber } from './house.ts'

t.test('a restart has the table back within a second, before any announcement', async t => {
  const place = await freshPlace(t)
  const first = await startHouse(t, '', place)
  await subscriber(t, first, 'one', SELDOM)
  await first.sluice.stop('SIGTERM')
  const second = await startHouse(t, '', place)
  t.ok(await isServed(second), 'the first request is answered')
  t.equal((await get(second.sluice.url, 'other.example')).status, 503)
})

t.test('a node that died meanwhile is not used after a restart', async t => {
  const place = await freshPlace(t)
  const first = await startHouse(t, '', place)
  const uwsgi = await subscriber(t, first, 'one', SELDOM)
  await first.sluice.stop('SIGTERM')
  await uwsgi.stop()
  const second = await startHouse(t, '', place)
  const began = performance.now()
  t.equal((await get(second.sluice.url, HOST)).status, 503)
  t.ok(performance.now() - began < 4_000, 'nobody waited for a connect to time out')
})
