// test/subscription/real/uwsgi-death.test.ts: an unmodified uWSGI that announced itself is killed, or hangs, under load.
import t from 'tap'
import { childrenOf, until } from '../../support/processes.ts'
import { steadyLoad } from '../../support/subscribing.ts'
import { HOST, startHouse, subscriber } from './house.ts'

t.jobs = 2 // mostly waiting

t.test(
  'killed by -9 it is out at the first failed connect, no client notices, and it is gone after its lease',
  async t => {
    const here = await startHouse(t, 'subscription-tolerance = 1')
    await subscriber(t, here, 'lives', ['--subscribe-freq=1'])
    const dies = await subscriber(t, here, 'dies', ['--subscribe-freq=1'])
    const load = steadyLoad(t, here.sluice.url, { hosts: [HOST] })
    await until('both serve', () => load.bodies.has('lives') && load.bodies.has('dies'))
    const workers = childrenOf(dies.pid)
    for (const pid of [dies.pid, ...workers]) process.kill(pid, 'SIGKILL')
    await here.sluice.logged(/node rests/)
    await load.forget()
    await load.more(100)
    await load.stop()
    t.same([...load.bodies.keys()], ['lives'])
    t.same(load.failures, [], 'what met the death was tried again')
    await here.sluice.logged(/"why":"unheard"[^\n]*node left/)
  },
)

t.test('hung, it costs the requests that it has the time-out once, then it rests', async t => {
  const here = await startHouse(t, 'http-timeout = 3\nhttp-processes = 1')
  await subscriber(t, here, 'lives')
  const hangs = await subscriber(t, here, 'hangs')
  const load = steadyLoad(t, here.sluice.url, { hosts: [HOST], clients: 6 })
  await until('both serve', () => load.bodies.has('lives') && load.bodies.has('hangs'))
  const all = [hangs.pid, ...childrenOf(hangs.pid)]
  t.teardown(() => {
    for (const pid of all) process.kill(pid, 'SIGCONT')
  })
  for (const pid of all) process.kill(pid, 'SIGSTOP')
  await here.sluice.logged(/node rests/)
  await load.more(300)
  await load.stop()
  const { failures } = load
  t.ok(
    failures.length > 0 && failures.length <= 6,
    `of 6 clients ${failures.length} met the time-out, each once`,
  )
  t.ok(failures.every(text => text.startsWith('504')))
})
