// test/master/steering/fifo.test.ts: commands by letters through named pipes.
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, lstatSync, symlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { StartRefused } from '../../../master/refused.ts'
import { fifoProblems, MasterFifo } from '../../../master/steering/fifo.ts'
import type { Command } from '../../../master/steering/requests.ts'
import { configOf } from '../../support/config.ts'
import { heardLog } from '../../support/controls.ts'
import { until } from '../../support/processes.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'

t.test("uWSGI's letters, many at once, by writers that come and go", async t => {
  const { directory, heard } = await opened(t, ['f'])
  await write(join(directory, 'f'), 'rR')
  await until('two', () => heard.length === 2)
  await write(join(directory, 'f'), 'cwWqQp\nlLPs')
  await until('all', () => heard.length === 12)
  t.same(heard, [
    'reload',
    'replace',
    'replace',
    'replace',
    'replace',
    'stop',
    'stop now',
    'pause or resume',
    'reopen logs',
    'rotate logs',
    'write pid files',
    'log status',
  ])
})

t.test('letters for workers are told once each, unknown bytes are nothing', async t => {
  const { directory, heard, events } = await opened(t, ['f'])
  await write(join(directory, 'f'), 'C+-EBSf\0xyz\u00ff s')
  await until('the last letter', () => heard.length === 1)
  const letters = events.filter(({ level }) => level === 'warn').map(({ letter }) => letter)
  t.same(letters.join(''), 'C+-EBSf')
})

t.test('digits choose the pipe that is read', async t => {
  const { directory, heard, events } = await opened(t, ['a', 'b'])
  await write(join(directory, 'a'), '1')
  await write(join(directory, 'b'), 'r')
  await until('by the second', () => heard.length === 1)
  await write(join(directory, 'b'), '0')
  await write(join(directory, 'a'), 's')
  await until('by the first again', () => heard.length === 2)
  t.same(heard, ['reload', 'log status'])
  await write(join(directory, 'a'), '7s')
  await until('the rest of it', () => heard.length === 3)
  t.match(events, [{}, {}, { level: 'warn', fifo: 7 }])
})

t.test('a pipe is made for us alone and goes with us; one that was there stays', async t => {
  const directory = temporaryDirectory(t)
  const [made, found] = [join(directory, 'made'), join(directory, 'found')] as const
  execFileSync('mkfifo', ['-m', '620', found])
  const { fifo } = await opened(t, ['made', 'found'], directory)
  t.equal(lstatSync(made).mode & 0o777, 0o600)
  t.equal(lstatSync(found).mode & 0o777, 0o620)
  fifo.close()
  t.notOk(existsSync(made))
  t.ok(existsSync(found))
})

t.test('a successor of our name stays', async t => {
  const { directory, fifo } = await opened(t, ['f'])
  const path = join(directory, 'f')
  execFileSync('sh', ['-c', `mkfifo ${path}.new && mv ${path}.new ${path}`])
  fifo.close()
  t.ok(existsSync(path))
})

t.test('after the drop it belongs to the user that opens it again', async t => {
  const { directory } = await opened(t, ['f'], undefined, { uid: 65534, gid: 65534 })
  t.equal(lstatSync(join(directory, 'f')).uid, 65534)
})

t.test('what cannot be used is told with its line', async t => {
  const directory = temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  writeFileSync(at('file'), 'mine')
  execFileSync('mkfifo', [at('real'), at('strange')])
  symlinkSync('real', at('link'))
  chownSync(at('strange'), 65534, 65534)
  for (const [name, reason] of [
    ['file', /there is something else with this name/],
    ['link', /there is something else with this name/],
    ['none/f', /No such file or directory/],
    ['strange', /it belongs to another user/],
  ] as const) {
    const error = await opened(t, [name], directory).catch((cause: unknown) => cause)
    t.type(error, StartRefused, name)
    t.match((error as StartRefused).message, /^command line: the named pipe \S+ cannot be used: /)
    t.match((error as StartRefused).message, reason)
  }
})

t.test('more than ten are refused', async t => {
  const names = Array.from({ length: 11 }, (_, i) => ['--master-fifo', `f${i}`]).flat()
  t.match(fifoProblems(configOf(names), '/tmp'), [{ problem: /more than 10 times/ }])
})

async function opened(
  t: Test,
  names: readonly string[],
  directory: string = temporaryDirectory(t),
  owner: { uid: number; gid: number } | null = null,
) {
  const heard: Command[] = []
  const { log, events } = heardLog()
  const config = configOf(names.flatMap(name => ['--master-fifo', name]))
  const fifo = new MasterFifo(config, directory, command => heard.push(command), log)
  t.teardown(() => fifo.close())
  await fifo.open(owner)
  return { directory, fifo, heard, events }
}

// As "echo -n TEXT > PATH" does; waits until somebody reads there.
async function write(path: string, text: string): Promise<void> {
  const file = await open(path, 'w')
  await file.write(text, null, 'latin1')
  await file.close()
}
