// test/master/logs/logs.test.ts: the master's log lines on real files: forms, rotation, other plans, full disks.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { Daemons } from '../../../master/daemons.ts'
import { followLines } from '../../../master/logs/child-lines.ts'
import type { LogPlan } from '../../../master/logs/log-plan.ts'
import { Logs } from '../../../master/logs/logs.ts'
import { logFile, plainLogPlan } from '../../support/log-plan.ts'
import { until } from '../../support/processes.ts'
import { readText, smallDisk, temporaryDirectory } from '../../support/tmp.ts'

const UNIX_MS = 1_795_273_271_000

/** A plan whose events go to this file. */
function fileOf(t: Test, changes: Partial<LogPlan> = {}) {
  const path = join(temporaryDirectory(t), 'sluice.log')
  return { path, plan: toFile(path, changes) }
}

function toFile(path: string, changes: Partial<LogPlan> = {}): LogPlan {
  return plainLogPlan({
    events: [{ kind: 'file', path }],
    files: [logFile(path, { isMain: true })],
    ...changes,
  })
}

t.test('events as JSON and what children print as it is, in one file', async t => {
  const { path, plan } = fileOf(t)
  const logs = new Logs(plan)
  logs.events.info({ gateways: 2, name: 'zażółć' }, 'started')
  logs.childErrors('a daemon says\n')
  logs.events.debug('too much')
  await logs.close()
  const [event, said, ...more] = readText(path).trimEnd().split('\n')
  t.match(JSON.parse(event!), { level: 'info', gateways: 2, name: 'zażółć', msg: 'started' })
  t.equal(said, 'a daemon says')
  t.strictSame(more, [])
  t.equal(statSync(path).mode & 0o777, 0o640)
})

t.test('log-date: lines for people, with that time in front', async t => {
  const { path, plan } = fileOf(t, { form: 'human', date: '[%Y]', level: 'debug' })
  const logs = new Logs(plan)
  logs.events.debug({ file: 'a\nb\x1b[2J' }, 'read')
  await logs.close()
  t.match(readText(path), /^\[\d{4}\] - debug read {2}file="a\\nb\\u001b\[2J"\n$/)
})

t.test('held until privileges are dropped: no file is touched before', async t => {
  const { path, plan } = fileOf(t)
  const logs = new Logs(plan, { isHeld: true })
  logs.events.info('early')
  await new Promise(resolve => setImmediate(resolve))
  t.notOk(existsSync(path))
  logs.begin()
  logs.events.info('late')
  await logs.close()
  t.match(readText(path), /early.*\n.*late/)
})

t.test(
  'an existing file is appended to, emptied with log-truncate, and has its mode set when asked',
  async t => {
    const { path, plan } = fileOf(t)
    writeFileSync(path, 'before\n', { mode: 0o600 })
    const logs = new Logs(plan)
    logs.events.info('one')
    await logs.close()
    t.match(readText(path), /^before\n.*one/)
    t.equal(statSync(path).mode & 0o777, 0o600)
    const again = new Logs({ ...plan, isTruncated: true, setsMode: true, mode: 0o666 })
    again.events.info('two')
    await again.reopen()
    again.events.info('three')
    await again.close()
    t.match(readText(path), /^\{.*two.*\n.*three.*\n$/)
    t.equal(statSync(path).mode & 0o777, 0o666, 'whatever the umask')
  },
)

t.test('what is no file keeps its rights, and is not rotated', async t => {
  const before = statSync('/dev/null').mode
  const logs = new Logs(toFile('/dev/null', { setsMode: true, mode: 0o600, isTruncated: true }))
  logs.events.info('gone')
  await logs.rotate()
  await logs.close()
  t.equal(statSync('/dev/null').mode, before)
})

t.test('rotated files never replace each other; an empty one is not rotated', async t => {
  const { path, plan } = fileOf(t)
  const logs = new Logs(plan, { now: () => UNIX_MS })
  await logs.rotate()
  t.strictSame(names(path), ['sluice.log'], 'nothing to rotate')
  for (const word of ['one', 'two', 'three']) {
    logs.childErrors(`${word}\n`)
    await flushed(path, word)
    await logs.rotate()
  }
  await logs.close()
  const unix = `sluice.log.${UNIX_MS / 1000}`
  t.strictSame(names(path), ['sluice.log', unix, `${unix}.1`, `${unix}.2`])
  for (const [name, word] of [
    [unix, 'one'],
    [`${unix}.1`, 'two'],
    [`${unix}.2`, 'three'],
  ] as const) {
    t.match(readText(join(path, '..', name)), `${word}\n`)
  }
})

t.test('log-backupname names the rotated file of logto, and no other', async t => {
  const { path, plan } = fileOf(t)
  const other = `${path}.other`
  writeFileSync(other, 'x\n')
  const backupName = join(path, '..', 'old.log')
  const logs = new Logs(
    { ...plan, backupName, files: [...plan.files, logFile(other)] },
    { now: () => UNIX_MS },
  )
  for (let i = 0; i < 2; i++) {
    logs.childErrors(`line ${i}\n`)
    await flushed(path, `line ${i}`)
    await logs.rotate()
  }
  await logs.close()
  t.strictSame(names(path), [
    'old.log',
    'old.log.1',
    'sluice.log',
    'sluice.log.other',
    `sluice.log.other.${UNIX_MS / 1000}`,
  ])
})

t.test('log-maxsize: due once a file is larger; only that one is rotated', async t => {
  const { path, plan } = fileOf(t, { maxBytes: 1000 })
  const access = `${path}.access`
  writeFileSync(access, 'small\n')
  const logs = new Logs({ ...plan, files: [...plan.files, logFile(access)] })
  t.notOk(logs.check())
  logs.childErrors(`${'x'.repeat(2000)}\n`)
  await flushed(path, 'xxx')
  t.ok(logs.check())
  await logs.rotate(true)
  t.notOk(logs.check())
  await logs.close()
  t.equal(readText(access), 'small\n')
  t.equal(names(path).length, 3)
})

t.test('a rotation that fails is told, and not tried every second', async t => {
  const directory = join(temporaryDirectory(t), 'gone')
  mkdirSync(directory)
  const path = join(directory, 'sluice.log')
  let now = UNIX_MS
  const backupName = join(directory, 'no', 'such', 'directory')
  const logs = new Logs(toFile(path, { maxBytes: 10, backupName }), { now: () => now })
  logs.childErrors('more than ten bytes\n')
  await flushed(path, 'more')
  t.ok(logs.check())
  await logs.rotate(true)
  t.notOk(logs.check(), 'not at once')
  now += 61_000
  t.ok(logs.check())
  await logs.close()
  t.match(readText(path), /"code":"SLUICE_LOG_FAILED".*ENOENT.*log file cannot be rotated/)
})

t.test('a file that somebody else renamed is left for the new one at reopen', async t => {
  const { path, plan } = fileOf(t)
  const logs = new Logs(plan)
  logs.childErrors('one\n')
  await flushed(path, 'one')
  renameSync(path, `${path}.1`)
  logs.childErrors('two\n')
  await flushed(`${path}.1`, 'two')
  await logs.reopen()
  logs.childErrors('three\n')
  await logs.close()
  t.equal(readText(`${path}.1`), 'one\ntwo\n')
  t.equal(readText(path), 'three\n')
})

t.test('another plan: what came before goes to the old places, what comes now to the new ones', async t => {
  const { path, plan } = fileOf(t)
  const next = `${path}.next`
  const logs = new Logs(plan)
  logs.events.info('before')
  logs.change({ ...toFile(next), level: 'error', form: 'human' })
  logs.events.info('not any more')
  logs.events.error('after')
  await logs.close()
  t.match(readText(path), /^\{.*before.*\}\n$/)
  t.match(readText(next), /^\d\d:\d\d:\d\d error after\n$/)
})

t.test('lines under way when gateways begin to write by themselves are not lost', async t => {
  const { path, plan } = fileOf(t)
  const lines = `${path}.lines`
  const logs = new Logs({ ...plan, lines: [{ kind: 'file', path: lines }] })
  logs.gatewayOutput('one\n')
  logs.change(plan)
  logs.gatewayOutput('two\n')
  await logs.close()
  t.equal(readText(lines), 'one\ntwo\n')
})

t.test('a full disk stops nobody: lines are lost whole, and that is told once there is room', async t => {
  const disk = await smallDisk(t, 64 * 1024)
  const path = join(disk, 'sluice.log')
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(60 * 1024))
  const logs = new Logs(toFile(path))
  for (let i = 0; i < 200; i++) {
    logs.events.info({ number: i, text: 'x'.repeat(100) }, 'an event')
    await new Promise(resolve => setImmediate(resolve))
  }
  await logs.reopen()
  rmSync(join(disk, 'ballast'))
  logs.events.info('room again')
  await logs.close()
  const lines = readText(path)
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line))
  t.ok(lines.length < 200, `${lines.length} lines`)
  t.equal(lines.filter(({ msg }) => msg === 'room again').length, 1)
})

t.test('the last words of a process that exits at once are in its file', async t => {
  const path = join(temporaryDirectory(t), 'sluice.log')
  const support = new URL('../../support/log-plan.ts', import.meta.url).href
  const program = `
    import { Logs } from ${JSON.stringify(new URL('../../../master/logs/logs.ts', import.meta.url).href)}
    import { plainLogPlan } from ${JSON.stringify(support)}
    const path = ${JSON.stringify(path)}
    const logs = new Logs(plainLogPlan({ events: [{ kind: 'file', path }, { kind: 'stderr' }] }))
    logs.events.fatal('last words')
    process.exit(3)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = await once(child, 'close')
  t.equal(code, 3)
  t.match(readFileSync(path, 'utf8'), /^\{.*last words.*\}\n$/)
  t.match(said, 'last words')
})

t.test('what attach-daemon prints is in the file of logto, on either stream', async t => {
  const { path, plan } = fileOf(t)
  const logs = new Logs(plan)
  const daemon = { command: 'echo out; echo err >&2; exec sleep 60', name: 'a.ini:1' }
  const daemons = new Daemons({ daemons: [daemon], cwd: '/', env: process.env, log: logs.events, logs })
  daemons.start()
  await until('it spoke', () => /^out$/m.test(readText(path)) && /^err$/m.test(readText(path)))
  await daemons.stop(true)
  await logs.close()
})

t.test('what children print comes line by line, however it was cut', async t => {
  const taken: string[] = []
  const stream = new PassThrough()
  followLines(stream, { isFull: false, take: lines => void taken.push(lines), onceRoom: () => {} })
  const text = `one\ntwo é\n\n${'long'.repeat(20_000)}\nno line feed`
  for (const byte of Buffer.from(text).subarray(0, 20)) stream.write(Buffer.of(byte))
  stream.end(Buffer.from(text).subarray(20))
  await once(stream, 'close')
  t.ok(taken.every(lines => lines.endsWith('\n')))
  const all = Buffer.from(taken.join(''), 'latin1').toString()
  t.equal(all.replaceAll('\n', ''), text.replaceAll('\n', ''))
  t.match(all, /^one\ntwo é\n\nlong/)
  t.match(all, /\nno line feed\n$/)
})

t.test('a child is not read while nobody takes its lines', async t => {
  let room = () => {}
  const onceRoom = (callback: () => void) => {
    room = callback
  }
  const child = spawn('yes', [], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let chunks = 0
  child.stdout.on('data', () => chunks++)
  followLines(child.stdout, { isFull: true, take: () => {}, onceRoom })
  await until('it is paused', () => child.stdout.isPaused())
  const before = chunks
  await new Promise(resolve => setImmediate(resolve))
  t.equal(chunks, before)
  room()
  await until('it goes on', () => chunks > before)
})

function names(path: string): string[] {
  return readdirSync(join(path, '..')).sort()
}

function flushed(path: string, word: string): Promise<void> {
  return until(`${path} has ${word}`, () => readText(path).includes(word))
}
