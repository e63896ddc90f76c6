// test/master/sticky-secret.test.ts: the secret of sticky cookies: made where needed, kept, for us alone, never believed blindly.
import { readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SECRET_FILE, stickySecret } from '../../master/sticky-secret.ts'
import { configOf } from '../support/config.ts'
import { heardLog } from '../support/controls.ts'
import { temporaryDirectory } from '../support/tmp.ts'

const STICKY = configOf(['--balance', 'key=*,sticky=node'])

function setUp(t: Test) {
  const directory = temporaryDirectory(t)
  const { log, events } = heardLog()
  const env = { STATE_DIRECTORY: directory }
  return { directory, file: join(directory, SECRET_FILE), env, log, events }
}

t.test('it is kept in the state directory, for us alone, and found again', async t => {
  const { directory, file, env, log, events } = setUp(t)
  const secret = stickySecret(STICKY, '', log, env)
  t.match(secret, /^[0-9a-f]{64}$/)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.same(readdirSync(directory), [SECRET_FILE], 'no draft stays')
  t.equal(stickySecret(STICKY, '', log, env), secret, 'the next start')
  t.same(events, [])
})

t.test('without sticky there is none', async t => {
  const { directory, env, log } = setUp(t)
  t.equal(stickySecret(configOf(['--balance', 'key=*']), '', log, env), '')
  t.same(readdirSync(directory), [])
})

t.test('a reload keeps the one in force, though its file is gone', async t => {
  const { file, env, log } = setUp(t)
  const secret = stickySecret(STICKY, '', log, env)
  rmSync(file)
  t.equal(stickySecret(STICKY, secret, log, env), secret)
})

for (const [what, spoil] of [
  ['is a link', (file: string) => symlinkSync('/dev/null', file)],
  ['may be read by others', (file: string) => writeFileSync(file, 'a'.repeat(64), { mode: 0o644 })],
  ['holds something else', (file: string) => writeFileSync(file, 'secret', { mode: 0o600 })],
] as const) {
  t.test(`a file that ${what} is not believed: a fresh one, and a warning`, async t => {
    const { file, env, log, events } = setUp(t)
    spoil(file)
    const [first, second] = [stickySecret(STICKY, '', log, env), stickySecret(STICKY, '', log, env)]
    t.match(first, /^[0-9a-f]{64}$/)
    t.not(first, second)
    t.equal(events.length, 2)
    t.match(events[0], { level: 'warn', msg: /hold until the next restart only/, cause: file })
  })
}

t.test('without a state directory: a fresh one, and a warning', async t => {
  const { file, log, events } = setUp(t)
  writeFileSync(file, '')
  t.match(stickySecret(STICKY, '', log, { STATE_DIRECTORY: join(file, 'below') }), /^[0-9a-f]{64}$/)
  t.match(events, [{ level: 'warn', cause: 'there is no directory that could hold it' }])
})
