// test/master/logs/logging.test.ts: the logs of a whole instance: events, request lines and what daemons print, over
// rotations, reloads and other places.
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../../support/processes.ts'
import { type Sluice, startSluice } from '../../support/sluice.ts'
import { readText } from '../../support/tmp.ts'

const HEAD = 'http = 127.0.0.1:0\nhttp-processes = 2\n'

t.test(
  'one file for events, request lines and daemons: every line whole, over rotations by touch',
  async t => {
    const sluice = await startSluice(t, {
      ini: `${HEAD}logto = all.log
      log-format = {"uri": "%(uri)", "status": %(status)}
      touch-logrotate = rotate
      attach-daemon = i=0; while echo '{"tick": '$i'}'; do i=$((i+1)); sleep 0.01; done`,
    })
    let asked = 0
    const loads = [1, 2, 3, 4].map(async lane => {
      while (rotations(sluice) < 2) {
        await fetch(`${sluice.url}${lane}/${asked++}`)
        if (asked % 50 === 0) writeFileSync(join(sluice.directory, 'rotate'), String(asked))
      }
    })
    await Promise.all(loads)
    const { code } = await sluice.stop('SIGTERM')
    t.equal(code, 0)
    const lines = logFiles(sluice).flatMap(name => jsonLines(join(sluice.directory, name)))
    t.equal(lines.filter(({ uri }) => uri !== undefined).length, asked, 'a line for each request')
    t.equal(new Set(lines.flatMap(({ uri }) => uri ?? [])).size, asked, 'and none twice')
    const ticks = lines.flatMap(({ tick }) => tick ?? []).sort((a, b) => Number(a) - Number(b))
    t.ok(ticks.length > 10)
    t.strictSame(ticks, [...ticks.keys()])
    const events = lines.flatMap(({ msg }) => msg ?? [])
    t.equal(events.filter(text => text === 'log file rotated').length, rotations(sluice))
    for (const text of ['daemon started', 'started', 'stopped']) t.ok(events.includes(text), text)
    t.equal(sluice.stderr(), '', 'nothing is printed beside it')
  },
)

t.test('"-": lines of all gateways come whole through the master', async t => {
  const sluice = await startSluice(t, `${HEAD}access-log = -\naccess-log-format = json`)
  await Promise.all(Array.from({ length: 200 }, (_, i) => fetch(`${sluice.url}${i}`)))
  const { stdout } = await sluice.stop('SIGTERM')
  const targets = stdout
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line).target)
  t.strictSame(targets.sort(), Array.from({ length: 200 }, (_, i) => `/${i}`).sort())
})

t.test('a reload moves the lines to another place, with another form, and loses none', async t => {
  const ini = (log: string) => `[sluice]\n${HEAD}${log}\n`
  const sluice = await startSluice(t, ini('access-log = first.log\naccess-log-format = json'))
  const change = async (log: string) => {
    writeFileSync(join(sluice.directory, 'sluice.ini'), ini(log))
    const seen = count(sluice.stderr(), '"reloaded"')
    sluice.kill('SIGHUP')
    await until('it reloaded', () => count(sluice.stderr(), '"reloaded"') > seen)
  }
  await fetch(`${sluice.url}1`)
  await change('req-logger = file:second.log\nreq-logger = stdio\nlog-format = second %(uri)')
  await fetch(`${sluice.url}2`)
  await change('access-log = third.log\nlog-format = third %(uri)')
  await fetch(`${sluice.url}3`)
  const { stdout } = await sluice.stop('SIGTERM')
  t.match(readText(join(sluice.directory, 'first.log')), /^\{.*"target":"\/1".*\}\n$/)
  t.equal(readText(join(sluice.directory, 'second.log')), 'second /2\n')
  t.match(stdout, /^second \/2$/m)
  t.equal(readText(join(sluice.directory, 'third.log')), 'third /3\n')
})

t.test('log-maxsize rotates by itself, touch-logreopen follows a file that was renamed', async t => {
  const sluice = await startSluice(
    t,
    `${HEAD}access-log = a.log\nlog-format = %(uri)\nlog-maxsize = 20k\ntouch-logreopen = reopen\nlogfile-chmod = 600`,
  )
  const long = 'x'.repeat(1000)
  for (let i = 0; i < 30; i++) await fetch(`${sluice.url}${long}/${i}`)
  await sluice.logged(/log file rotated/)
  await until('a new one is begun', () => logFiles(sluice).length >= 2)
  t.equal(statSync(join(sluice.directory, 'a.log')).mode & 0o777, 0o600)
  utimesSync(join(sluice.directory, 'sluice.ini'), 1, 1)
  writeFileSync(join(sluice.directory, 'reopen'), '')
  await sluice.logged(/opened again/)
  await fetch(`${sluice.url}last`)
  await sluice.stop('SIGTERM')
  const lines = logFiles(sluice).flatMap(name =>
    readText(join(sluice.directory, name)).split('\n').slice(0, -1),
  )
  t.equal(lines.length, 31)
})

t.test('a log that cannot be made is refused at its line', async t => {
  await t.rejects(
    startSluice(t, `${HEAD}logto = no/such/directory.log`),
    /sluice\.ini:4: the log file .*no\/such\/directory\.log cannot be written: there is no directory/,
  )
})

function logFiles({ directory }: Sluice): string[] {
  return readdirSync(directory).filter(name => name.includes('.log'))
}

function rotations(sluice: Sluice): number {
  return logFiles(sluice).length - 1
}

interface Line {
  readonly uri?: string
  readonly tick?: number
  readonly msg?: string
}

function jsonLines(file: string): Line[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Line)
}

function count(text: string, word: string): number {
  return text.split(word).length - 1
}
