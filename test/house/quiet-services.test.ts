// test/house/quiet-services.test.ts: installing packages starts no service, and no owner's policy is lost.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { withServicesQuiet } from '../tools/quiet-services.ts'

const ALLOWS = '#!/bin/sh\nexit 0\n'
const DENIES = '#!/bin/sh\nexit 101\n'

t.test('without a policy of the owner, starts are denied for the duration', async t => {
  const policy = join(t.testdir(), 'policy-rc.d')
  const during = withServicesQuiet(() => ask(policy), policy)
  t.equal(during, 101)
  t.notOk(existsSync(policy), 'nothing stays behind')
})

t.test('a policy that allows is put aside and comes back', async t => {
  const policy = join(t.testdir(), 'policy-rc.d')
  writeFileSync(policy, ALLOWS, { mode: 0o755 })
  t.equal(
    withServicesQuiet(() => ask(policy), policy),
    101,
  )
  t.equal(readFileSync(policy, 'utf8'), ALLOWS)
  t.same(readdirSync(dirname(policy)), ['policy-rc.d'])
})

t.test('a policy that denies is not touched', async t => {
  const policy = join(t.testdir(), 'policy-rc.d')
  writeFileSync(policy, DENIES, { mode: 0o755 })
  t.equal(
    withServicesQuiet(() => readFileSync(policy, 'utf8'), policy),
    DENIES,
  )
  t.equal(readFileSync(policy, 'utf8'), DENIES)
})

t.test('a link that leads nowhere comes back too', async t => {
  const policy = join(t.testdir(), 'policy-rc.d')
  symlinkSync('nowhere', policy)
  t.equal(
    withServicesQuiet(() => ask(policy), policy),
    101,
  )
  t.same(readdirSync(dirname(policy)), ['policy-rc.d'])
})

t.test('a failure inside leaves things as they were', async t => {
  const policy = join(t.testdir(), 'policy-rc.d')
  writeFileSync(policy, ALLOWS, { mode: 0o755 })
  t.throws(
    () =>
      withServicesQuiet(() => {
        throw new Error('no network')
      }, policy),
    { message: 'no network' },
  )
  t.equal(readFileSync(policy, 'utf8'), ALLOWS)
})

t.test('killed halfway, our policy gives way to the owner and the next run restores it', async t => {
  const policy = join(t.testdir(), 'policy-rc.d')
  const owners = '#!/bin/sh\nexit 104\n'
  writeFileSync(policy, owners, { mode: 0o755 })
  await runAndKill(policy)
  t.equal(ask(policy), 104, 'answers as the one put aside')
  withServicesQuiet(() => undefined, policy)
  t.equal(readFileSync(policy, 'utf8'), owners)
})

t.test('killed halfway where there was no policy, everything is allowed again', async t => {
  const policy = join(t.testdir(), 'policy-rc.d')
  await runAndKill(policy)
  t.equal(ask(policy), 0)
  withServicesQuiet(() => undefined, policy)
  t.notOk(existsSync(policy))
})

function ask(policy: string): number | null {
  return spawnSync(policy, ['nginx', 'start']).status
}

// A process that puts its policy in place, says so, and is then killed where it stands.
async function runAndKill(policy: string): Promise<void> {
  const tool = JSON.stringify(import.meta.resolve('../tools/quiet-services.ts'))
  const program = `
    import { writeSync } from 'node:fs'
    import { withServicesQuiet } from ${tool}
    withServicesQuiet(() => { writeSync(1, 'in place'); for (;;); }, ${JSON.stringify(policy)})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  if (ask(policy) !== 101) throw new Error('the policy does not deny while its process lives')
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
