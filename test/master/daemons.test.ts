// test/master/daemons.test.ts: commands beside the gateways (attach-daemon).
import { join } from 'node:path'
import t from 'tap'
import { childrenOf, isAlive, until } from '../support/processes.ts'
import { startSluice } from '../support/sluice.ts'
import { readText } from '../support/tmp.ts'

t.jobs = 3

t.test('one that ends is started again, and stops with Sluice', async t => {
  const sluice = await startSluice(
    t,
    'http = 127.0.0.1:0\nhttp-processes = 1\nattach-daemon = exec sleep 1002\n',
  )
  const [first] = childrenOf(sluice.pid, 'sleep 1002') as [number]
  process.kill(first, 'SIGKILL')
  await sluice.logged(/"daemon":"sluice\.ini:4","cause":"SIGKILL"/)
  await until('there is another', () => childrenOf(sluice.pid, 'sleep 1002').length === 1)
  const [second] = childrenOf(sluice.pid, 'sleep 1002') as [number]
  t.not(second, first)
  await sluice.stop('SIGTERM')
  t.notOk(isAlive(second))
})

t.test('one that cannot live is started ever more slowly', async t => {
  const sluice = await startSluice(t, 'http = 127.0.0.1:0\nhttp-processes = 1\nattach-daemon = exit 3\n')
  await sluice.logged(/"cause":"exit code 3","waitMs":0,/)
  await sluice.logged(/"cause":"exit code 3","waitMs":1000,/)
})

t.test('it runs in chdir, with PORT of the first node on this machine and what env says', async t => {
  const sluice = await startSluice(t, {
    ini: [
      'http = 127.0.0.1:0',
      'http-to = http://192.0.2.1:80',
      'http-to = http://127.0.0.1:4321',
      'env = COLOUR=blue',
      'chdir = %dwork',
      'attach-daemon = echo "$PORT $COLOUR $(pwd)" > ../said; exec sleep 1003',
    ].join('\n'),
    files: { 'work/empty': '' },
  })
  const said = join(sluice.directory, 'said')
  await until('it said so', () => readText(said).endsWith('\n'))
  t.equal(readText(said), `4321 blue ${join(sluice.directory, 'work')}\n`)
})

t.test('its command is in no log line, as it may hold a password', async t => {
  const sluice = await startSluice(t, 'http = 127.0.0.1:0\nattach-daemon = PASSWORD=hunter2 exit 1\n')
  await sluice.logged(/daemon ended/)
  t.notMatch(sluice.stderr(), 'hunter2')
})

t.test('one that ignores TERM is killed', async t => {
  const sluice = await startSluice(
    t,
    `http = 127.0.0.1:0\nattach-daemon = trap '' TERM; while :; do sleep 1; done\n`,
  )
  const daemons = childrenOf(sluice.pid, 'while')
  t.equal(daemons.length, 1)
  const { code } = await sluice.stop('SIGTERM')
  t.equal(code, 0)
  t.notOk(daemons.some(isAlive))
})
