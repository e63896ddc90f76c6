// test/master/steering/pidfile.test.ts: when pid files are written, to whom they belong, and what becomes of them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lchownSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Pidfiles } from '../../../master/steering/pidfile.ts'
import { isMaster, processTitle } from '../../../master/steering/process-names.ts'
import { configOf } from '../../support/config.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'

const OWN = `${process.pid}\n`
const OPTIONS = ['pidfile', 'pidfile2', 'safe-pidfile', 'safe-pidfile2'] as const

t.test('each has its moment', async t => {
  const { files, at } = pidfiles(t)
  const written = () => OPTIONS.filter(name => existsSync(at(name)))
  files.write('first')
  t.same(written(), ['pidfile'])
  files.write('dropped')
  t.same(written(), ['pidfile', 'pidfile2'])
  files.write('serving')
  t.same(written(), OPTIONS)
  for (const name of OPTIONS) {
    t.equal(readFileSync(at(name), 'utf8'), OWN)
    t.equal(statSync(at(name)).mode & 0o777, 0o644)
  }
  files.remove()
  t.same(written(), [])
})

t.test('they are written again on demand, but only those that were', async t => {
  const { files, at } = pidfiles(t)
  files.write('first')
  rmSync(at('pidfile'))
  t.same(files.rewrite(), [])
  t.equal(readFileSync(at('pidfile'), 'utf8'), OWN)
  t.notOk(existsSync(at('pidfile2')))
})

t.test("the first is given to the user of uid, and a successor's is left alone", async t => {
  const { files, at } = pidfiles(t)
  files.write('first', { uid: 65534, gid: 65534 })
  t.equal(statSync(at('pidfile')).uid, 65534)
  writeFileSync(at('pidfile'), '1\n')
  files.remove()
  t.equal(readFileSync(at('pidfile'), 'utf8'), '1\n')
})

t.test('a file that holds something else is refused, and stays; an empty one is taken', async t => {
  const { files, at } = pidfiles(t)
  writeFileSync(at('pidfile2'), 'root:x:0:0')
  t.throws(() => files.write('first'), {
    message: `command line: the pid file ${at('pidfile2')} holds something else than a process id. Name another file, or remove this one.`,
  })
  t.equal(readFileSync(at('pidfile2'), 'utf8'), 'root:x:0:0')
  writeFileSync(at('pidfile2'), '')
  files.write('dropped')
  t.equal(readFileSync(at('pidfile2'), 'utf8'), OWN)
})

t.test('one that cannot be removed at the end is emptied', async t => {
  const directory = temporaryDirectory(t)
  chmodSync(directory, 0o755)
  // As after a drop: the file is ours, the directory is root's.
  const program = `
    import { Pidfiles } from ${JSON.stringify(new URL('../../../master/steering/pidfile.ts', import.meta.url).href)}
    import { configOf } from ${JSON.stringify(new URL('../../support/config.ts', import.meta.url).href)}
    const files = new Pidfiles(configOf(['--pidfile', 'p']), ${JSON.stringify(directory)})
    files.write('first', { uid: 65534, gid: 65534 })
    process.setgroups([]); process.setgid(65534); process.setuid(65534)
    if (files.rewrite().length > 0) throw new Error('it could not be written again')
    files.remove()`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: 'inherit',
  })
  t.same(await once(child, 'exit'), [0, null])
  t.equal(readFileSync(join(directory, 'p'), 'utf8'), '')
})

t.test('no link is followed that somebody put beside it', async t => {
  const { files, at, directory } = pidfiles(t)
  const victim = join(directory, 'victim')
  writeFileSync(victim, 'mine')
  symlinkSync(victim, `${at('pidfile')}.${process.pid}`)
  files.write('first')
  t.equal(readFileSync(victim, 'utf8'), 'mine')
  t.equal(readFileSync(at('pidfile'), 'utf8'), OWN)
})

t.test('nor a link in its place, when that is of another user', async t => {
  const { files, at, directory } = pidfiles(t)
  const victim = join(directory, 'victim')
  writeFileSync(victim, 'mine')
  symlinkSync(victim, at('pidfile'))
  lchownSync(at('pidfile'), 65534, 65534)
  t.throws(() => files.write('first', { uid: 65534, gid: 65534 }), {
    message: /the pid file .* cannot be written: another user put a link there/,
  })
  t.equal(readFileSync(victim, 'utf8'), 'mine')
  lchownSync(at('pidfile'), 0, 0)
  files.write('first')
  t.equal(readFileSync(victim, 'utf8'), OWN, 'one of root leads where root wants')
})

t.test('a master is known whatever its title says, and no other process is taken for one', async t => {
  const url = new URL('../../../master/steering/process-names.ts', import.meta.url).href
  const program = `import { nameMaster } from ${JSON.stringify(url)}
    process.title = 'something long enough to be written over'
    nameMaster({ procname: 'my edge', 'procname-master': null, 'procname-prefix': null, 'procname-prefix-spaced': null, 'procname-append': null })
    console.log(process.title)
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.equal(String((await once(child.stdout, 'data'))[0]), 'my edge\n')
  t.ok(isMaster(child.pid!))
  child.stdin.end()
  await once(child, 'exit')
  t.notOk(isMaster(child.pid!), 'nor one that ended')
  t.notOk(isMaster(process.pid))
  t.notOk(isMaster(1))
})

t.test('titles', async t => {
  for (const [argv, master, gateway] of [
    [[], 'sluice: master', 'sluice: gateway'],
    [['--procname', 'edge'], 'edge', 'edge'],
    [['--procname', 'edge', '--procname-master', 'boss'], 'boss', 'edge'],
    [['--procname-prefix', 'a-', '--procname-append', '-z'], 'a-sluice: master-z', 'a-sluice: gateway-z'],
    [['--procname-prefix-spaced', 'a'], 'a sluice: master', 'a sluice: gateway'],
  ] as const) {
    const { values } = configOf(argv)
    t.equal(processTitle(values, 'master'), master)
    t.equal(processTitle(values, 'gateway'), gateway)
  }
})

function pidfiles(t: Test) {
  const directory = temporaryDirectory(t)
  const config = configOf(OPTIONS.flatMap(name => [`--${name}`, name]))
  return { files: new Pidfiles(config, directory), at: (name: string) => join(directory, name), directory }
}
