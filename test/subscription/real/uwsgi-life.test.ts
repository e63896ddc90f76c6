// test/subscription/real/uwsgi-life.test.ts: an unmodified uWSGI announces itself, serves, and leaves, under load.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../../support/processes.ts'
import { runSluice } from '../../support/sluice.ts'
import { get, steadyLoad } from '../../support/subscribing.ts'
import { temporaryDirectory } from '../../support/tmp.ts'
import { HOST, startHouse, subscriber } from './house.ts'

t.test('it serves from its first announcement on, and no other host is served', async t => {
  const here = await startHouse(t)
  t.equal((await get(here.sluice.url, HOST)).status, 503, 'nobody yet')
  await subscriber(t, here, 'one', ['--subscribe-freq=1000'])
  t.equal((await get(here.sluice.url, 'other.example')).status, 503)
  const why = async () => {
    const { stdout, stderr } = await runSluice(t, ['why', HOST, '--control', join(here.cwd, 'control.sock')])
    return stdout + stderr
  }
  t.match(await why(), /\(announced by 127\.0\.0\.1, \d+ s ago\)\n +state +up for \d+ s\n/)
  await until('what it was asked is counted', async () => /last minute +100 %: \d+ request/.test(await why()))
})

t.test('a graceful stop loses nothing, and takes it out at once', async t => {
  const here = await startHouse(t)
  const fifo = join(temporaryDirectory(t), 'fifo')
  await subscriber(t, here, 'stays')
  const leaves = await subscriber(t, here, 'leaves', [`--master-fifo=${fifo}`])
  const load = steadyLoad(t, here.sluice.url, { hosts: [HOST] })
  await until('both serve', () => load.bodies.has('stays') && load.bodies.has('leaves'))
  const slow = Array.from({ length: 4 }, () => get(here.sluice.url, HOST, '/slow'))
  await load.more(10)
  writeFileSync(fifo, 'q')
  await leaves.logged(/goodbye to uWSGI/)
  await load.forget()
  await load.more(50)
  await load.stop()
  t.same([...load.bodies.keys()], ['stays'], 'the other one has all of it')
  t.same(load.failures, [])
  t.same(
    (await Promise.all(slow)).map(({ status }) => status),
    [200, 200, 200, 200],
    'what it had in hand ended well',
  )
})
