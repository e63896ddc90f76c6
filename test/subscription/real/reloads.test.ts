// test/subscription/real/reloads.test.ts: announced nodes serve on through reloads of Sluice, and while its master hangs.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startNamed } from '../../support/named-nodes.ts'
import { until } from '../../support/processes.ts'
import { announcer, get, steadyLoad } from '../../support/subscribing.ts'
import { freshPlace, HOST, isServed, SELDOM, startHouse, subscriber } from './house.ts'

t.test('reloads of both kinds under load keep the table', async t => {
  const place = await freshPlace(t)
  const here = await startHouse(t, '', place)
  const { sluice } = here
  await subscriber(t, here, 'one', SELDOM)
  const load = steadyLoad(t, sluice.url, { hosts: [HOST] })
  for (let turn = 1; turn <= 2; turn++) {
    sluice.kill('SIGHUP')
    await sluice.logged(new RegExp(`(?:"msg":"reloaded"[^]*){${turn}}`))
    await load.more(30)
  }
  await load.stop()
  t.same(load.failures, [])
})

t.test(
  'a node that announces itself serves on when a reload names it, and when another one does no more',
  async t => {
    const place = await freshPlace(t)
    const here = await startHouse(t, '', place)
    const { sluice } = here
    const { address } = await subscriber(t, here, 'one', SELDOM)
    const load = steadyLoad(t, sluice.url, { hosts: [HOST] })
    const file = join(sluice.directory, 'sluice.ini')
    const before = readFileSync(file, 'utf8')
    for (const [turn, more] of [`backend = key=${HOST},address=uwsgi://${address}\n`, ''].entries()) {
      writeFileSync(file, before + more)
      sluice.kill('SIGHUP')
      await sluice.logged(new RegExp(`(?:"msg":"reloaded"[^]*){${turn + 1}}`))
      await load.more(50)
    }
    await load.stop()
    t.same(load.failures, [])
  },
)

t.test(
  'while the master hangs, gateways serve on; what was announced meanwhile counts once it wakes',
  async t => {
    const here = await startHouse(t)
    const { sluice } = here
    await subscriber(t, here, 'one')
    const { say } = await announcer(t, here.port)
    const [node] = await startNamed(t, 'n')
    const load = steadyLoad(t, sluice.url, { hosts: [HOST] })
    await load.more(20)
    sluice.kill('SIGSTOP')
    await say({ key: 'late.example', address: node!.node.address })
    await load.more(50)
    t.equal((await get(sluice.url, 'late.example')).status, 503, 'nobody could tell the gateways')
    sluice.kill('SIGCONT')
    await until('it is served', () => isServed(here, 'late.example'))
    await load.stop()
    t.same(load.failures, [])
  },
)
