// test/stats/access-log.test.ts: whole lines on real files: batches, full disks, several writers, pipes.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import type { AccessLogFormat } from '../../base/picture.ts'
import { type AccessEntry, AccessLog } from '../../stats/access-log.ts'
import { until } from '../support/processes.ts'
import { smallDisk, temporaryDirectory } from '../support/tmp.ts'
import { sampleEntry } from './sample-entry.ts'

const run = promisify(execFile)
const WRITER = fileURLToPath(new URL('append-some.ts', import.meta.url))

const entry = (id: string, more: Partial<AccessEntry> = {}): AccessEntry => ({ ...sampleEntry, id, ...more })

/** The ids in a file of JSON lines. @throws when a line is neither whole nor blank */
const idsIn = (file: string): string[] =>
  readFileSync(file, 'latin1')
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line).id as string)

t.test('lines wait for a batch: the time, the size or a flush', async t => {
  const file = join(temporaryDirectory(t), 'access.log')
  const log = new AccessLog({ file, format: 'json', flushMs: 60_000, flushBytes: 2000 })
  await log.flush()
  t.equal(statSync(file).size, 0, 'the file is made at once')
  t.equal(statSync(file).mode & 0o777, 0o640)
  const other = `${file}.other`
  await new AccessLog({ file: other, format: 'json', mode: 0o600 }).close()
  t.equal(statSync(other).mode & 0o777, 0o600)

  log.write(entry('a'))
  await new Promise(resolve => setImmediate(resolve))
  t.equal(statSync(file).size, 0)
  await log.flush()
  t.strictSame(idsIn(file), ['a'])

  for (let i = 0; i < 8; i++) log.write(entry(`b${i}`))
  await grown(file, 2000)
  t.ok(idsIn(file).length > 4, 'a full batch leaves by itself')
  await log.close()
  t.equal(idsIn(file).length, 9, 'close writes the rest')

  const quick = new AccessLog({ file, format: 'json', flushMs: 20 })
  quick.write(entry('c'))
  await grown(file, statSync(file).size + 1)
  t.equal(idsIn(file).at(-1), 'c', 'time is up: a small batch leaves too')
  await quick.close()
})

t.test('an existing file is appended to, and a renamed one is opened anew when told', async t => {
  const file = join(temporaryDirectory(t), 'access.log')
  writeFileSync(file, '{"id":"before"}\n')
  const log = new AccessLog({ file, format: 'json' })
  log.write(entry('a'))
  await log.flush()
  renameSync(file, `${file}.1`)
  log.write(entry('b'))
  await log.flush()
  t.strictSame(idsIn(`${file}.1`), ['before', 'a', 'b'])
  log.reopen()
  log.write(entry('c'))
  await log.close()
  t.strictSame(idsIn(`${file}.1`), ['before', 'a', 'b'])
  t.strictSame(idsIn(file), ['c'])
})

t.test('on a full disk lines are dropped and counted, none is torn, and it recovers', async t => {
  const disk = await smallDisk(t, 64 * 1024)
  const file = join(disk, 'access.log')
  const told: string[] = []
  const log = new AccessLog({ file, format: 'json', onTrouble: text => told.push(text) })
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(32 * 1024))

  for (let batch = 0; batch < 20; batch++) {
    for (let i = 0; i < 10; i++) log.write(entry(`full-${batch}-${i}`))
    await log.flush()
  }
  const kept = idsIn(file)
  t.ok(log.dropped > 50, 'some were dropped')
  t.equal(kept.length + log.dropped, 200, 'each line is in the file or counted')
  t.strictSame(kept, allIds(20).slice(0, kept.length), 'those that are there are the first, whole, in order')
  t.equal(told.length, 1, 'told once, not for each batch')
  t.match(told[0], /^access log .*access\.log: the disk is full \(ENOSPC\); \d+ lines were lost so far$/)

  rmSync(join(disk, 'ballast'))
  const dropped = log.dropped
  log.write(entry('after'))
  await log.flush()
  t.equal(idsIn(file).at(-1), 'after')
  t.equal(log.dropped, dropped)
  await log.close()
  t.match(told[1], `${dropped} lines were lost so far`, 'what was held back is told at the end')
})

t.test('a fragment that a full disk left is blanked before anybody writes behind it', async t => {
  const disk = await smallDisk(t, 8192)
  const file = join(disk, 'access.log')
  const log = new AccessLog({ file, format: 'json' })
  for (let i = 0; i < 60; i++) log.write(entry(`n${i}`))
  await log.flush()
  t.equal(statSync(file).size, 8192, 'the disk was filled to the last byte')
  t.match(readFileSync(file, 'latin1'), /\}\n +\n$/)
  t.equal(idsIn(file).length + log.dropped, 60)
  await log.close()
})

t.test('several processes append to one file, its disk full at times: every line is whole', async t => {
  const disk = await smallDisk(t, 1024 * 1024)
  const file = join(disk, 'access.log')
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(700 * 1024))
  const writers = ['a', 'b', 'c'].map(name => run(process.execPath, [WRITER, file, name, '600']))
  await grown(file, 300 * 1024)
  rmSync(ballast)
  const dropped = (await Promise.all(writers)).map(({ stdout }) => Number(stdout))
  const ids = idsIn(file)
  t.equal(new Set(ids).size, ids.length, 'no line twice')
  t.equal(ids.length + dropped[0]! + dropped[1]! + dropped[2]!, 1800, 'each is in the file or counted')
  for (const name of ['a', 'b', 'c']) {
    const numbers = ids.filter(id => id.startsWith(name)).map(id => Number(id.slice(2)))
    t.strictSame(
      numbers,
      numbers.toSorted((x, y) => x - y),
      `lines of ${name} in order`,
    )
  }
})

t.test('a file that cannot be opened is trouble at once, and is tried again', async t => {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'later', 'access.log')
  const told: string[] = []
  const log = new AccessLog({ file, format: 'json', onTrouble: text => told.push(text), troubleMs: 1 })
  await log.flush()
  t.match(told[0], 'its directory does not exist (ENOENT); 0 lines were lost')
  log.write(entry('lost'))
  await log.flush()
  t.equal(log.dropped, 1)
  await run('mkdir', [join(directory, 'later')])
  log.write(entry('kept'))
  await log.flush()
  t.strictSame(idsIn(file), ['kept'])
  await log.close()
})

t.test('memory is bounded: what does not fit is dropped and counted', async t => {
  const file = join(temporaryDirectory(t), 'access.log')
  const log = new AccessLog({ file, format: 'json', limitBytes: 10_000 })
  // No turn of the loop in between: nothing can leave.
  for (let i = 0; i < 100; i++) log.write(entry(`i${i}`))
  t.ok(log.dropped > 0 && log.dropped < 100)
  await log.flush()
  t.equal(idsIn(file).length + log.dropped, 100)
  const dropped = log.dropped
  log.write(entry('fits again'))
  await log.close()
  t.equal(log.dropped, dropped)
  log.write(entry('too late'))
  t.equal(log.dropped, dropped + 1, 'lines after close are counted')
  await log.close()
})

t.test('a slow reader of a pipe makes nobody wait; all comes once it reads', async t => {
  const pipe = join(temporaryDirectory(t), 'pipe')
  await run('mkfifo', [pipe])
  const holder = openSync(pipe, 'r+') // lets both ends be opened in any order
  const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => reader.kill('SIGKILL'))
  const log = new AccessLog({ file: pipe, format: 'json', flushMs: 5 })
  await log.flush()
  for (let i = 0; i < 2000; i++) log.write(entry(`p${i}`, { target: `/${'y'.repeat(i === 7 ? 30_000 : 9)}` }))
  t.ok(log.dropped === 0, 'nothing was lost, though the pipe holds 64 KB only')
  let text = ''
  reader.stdout.setEncoding('latin1').on('data', (piece: string) => {
    text += piece
  })
  await log.flush()
  while (!text.includes('"p1999"')) await once(reader.stdout, 'data')
  await log.close()
  closeSync(holder)
  await once(reader, 'close')
  const lines = text.trimEnd().split('\n')
  const entries = lines.map(line => JSON.parse(line) as { id: string; target: string })
  t.strictSame(
    entries.map(one => one.id),
    Array.from({ length: 2000 }, (_, i) => `p${i}`),
  )
  t.ok(Math.max(...lines.map(line => line.length)) < 4096, 'no line is longer than a pipe keeps whole')
  t.match(entries.find(one => one.id === 'p7')?.target, /^\/y+\.\.\.$/, 'the long one was shortened')
})

t.test("'-' is standard output", async t => {
  const program = `
    import { AccessLog } from ${JSON.stringify(new URL('../../stats/access-log.ts', import.meta.url).href)}
    import { sampleEntry } from ${JSON.stringify(new URL('sample-entry.ts', import.meta.url).href)}
    const log = new AccessLog({ file: '-', format: 'combined' })
    for (let i = 0; i < 1000; i++) log.write(sampleEntry)
    await log.close()
    await log.close()`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program])
  t.equal(stdout.split('\n').length, 1001)
  t.notOk(existsSync('-'))
})

t.test('only lines that show request headers need them', async t => {
  const needs = (format: AccessLogFormat, template: string | null = null) =>
    new AccessLog({ file: '/dev/null', format, template }).needs
  t.strictSame(needs('uwsgi'), { hasCommon: false, variables: [] })
  t.ok(needs('combined').hasCommon)
  t.ok(needs('json').hasCommon)
  t.strictSame(needs('json', '%(uri) %(status)'), { hasCommon: false, variables: [] })
  t.strictSame(needs('uwsgi', '%(host) %(var.HTTP_COOKIE)'), { hasCommon: true, variables: ['HTTP_COOKIE'] })
})

function allIds(batches: number): string[] {
  return Array.from({ length: batches * 10 }, (_, i) => `full-${Math.floor(i / 10)}-${i % 10}`)
}

/** Polls until the file has so many bytes. */
async function grown(file: string, bytes: number): Promise<void> {
  await until(`${file} has ${bytes} bytes`, () => existsSync(file) && statSync(file).size >= bytes)
}
