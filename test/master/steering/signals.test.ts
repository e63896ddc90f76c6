// test/master/steering/signals.test.ts: what each signal to a real master does, at every moment of its life.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { gatewayPids, isAlive, until } from '../../support/processes.ts'
import { freshDirectory, startSluice } from '../../support/sluice.ts'

const INI = 'http = 127.0.0.1:0\nhttp-processes = 1\n'
const INSPECTOR_PORT = 9229
const LISTEN = '0A'
const SIGUSR1 = 10

t.jobs = 2

t.test('HUP reloads', async t => {
  const sluice = await startSluice(t, INI)
  appendFileSync(join(sluice.directory, 'sluice.ini'), 'http-timeout = 30\n')
  sluice.kill('SIGHUP')
  await sluice.logged(/"changes":\["http-timeout: 60 -> 30"\],"msg":"reloaded"/)
  t.equal((await fetch(sluice.url)).status, 200)
})

t.test('TERM reloads where die-on-term = false is written, and a reload may say otherwise', async t => {
  const sluice = await startSluice(t, `${INI}die-on-term = false\n`)
  sluice.kill('SIGTERM')
  await sluice.logged(/"msg":"reloaded"/)
  t.equal((await fetch(sluice.url)).status, 200)
  writeFileSync(join(sluice.directory, 'sluice.ini'), `[sluice]\n${INI}`)
  sluice.kill('SIGTERM')
  await sluice.logged(/die-on-term.*"msg":"reloaded"/)
  t.equal((await sluice.stop('SIGTERM')).code, 0)
})

t.test('USR1 logs what is configured and counted, USR2 the status; neither ends it', async t => {
  const sluice = await startSluice(t, INI)
  sluice.kill('SIGUSR1')
  const [summary] = await sluice.logged(/^.*"msg":"configuration and counters".*$/m)
  t.match(JSON.parse(summary), { files: [join(sluice.directory, 'sluice.ini')], gateways: 1, requests: 0 })
  sluice.kill('SIGUSR2')
  const [status] = await sluice.logged(/^.*"msg":"status".*$/m)
  t.match(JSON.parse(status), { status: { pid: sluice.pid, isPaused: false } })
  t.equal((await fetch(sluice.url)).status, 200)
})

t.test('TSTP pauses: connections wait until the next one', async t => {
  const sluice = await startSluice(t, INI)
  sluice.kill('SIGTSTP')
  await sluice.logged(/"msg":"paused/)
  await until('no gateway is left', () => gatewayPids(sluice.pid).length === 0)
  const answer = fetch(sluice.url)
  sluice.kill('SIGTSTP')
  await sluice.logged(/"msg":"resumed"/)
  t.equal((await answer).status, 200)
})

t.test('WINCH, URG, CHLD and PIPE are nothing', async t => {
  const sluice = await startSluice(t, INI)
  await sluice.logged(/"msg":"started"/)
  const before = sluice.stderr()
  for (const signal of ['SIGWINCH', 'SIGURG', 'SIGCHLD', 'SIGPIPE'] as const) sluice.kill(signal)
  sluice.kill('SIGUSR2') // heard after those
  await sluice.logged(/"msg":"status"/)
  t.equal(sluice.stderr().slice(before.length).split('\n').length, 3, 'two lines, both of USR2')
  t.equal((await fetch(sluice.url)).status, 200)
})

t.test('exit-on-reload stops instead', async t => {
  const sluice = await startSluice(t, `${INI}exit-on-reload = true\n`)
  sluice.kill('SIGHUP')
  t.equal((await sluice.ended).code, 0)
})

t.test('USR1 opens no inspector, whenever it comes', async t => {
  const directory = freshDirectory(t, { 'sluice.ini': `[sluice]\n${INI}safe-pidfile = pid\n` })
  const command = fileURLToPath(new URL('../../../bin/sluice.js', import.meta.url))
  const child = spawn(process.execPath, [command, 'sluice.ini'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  // From the first moment at which Node handles it: before, the kernel ends any program by it.
  await until('it takes the signal', () => isOurs(child.pid!) && catches(child.pid!, SIGUSR1))
  await until('it serves', () => {
    process.kill(child.pid!, 'SIGUSR1')
    return existsSync(join(directory, 'pid'))
  })
  const pids = [child.pid!, ...gatewayPids(child.pid!)]
  t.equal(pids.length, 2)
  for (const pid of pids) {
    process.kill(pid, 'SIGUSR1')
    t.notOk(isInspected(pid))
  }
  child.kill('SIGUSR2')
  await until('it heard them all', () => said.includes('"msg":"status"'))
  for (const pid of pids) {
    t.notOk(isInspected(pid))
    t.ok(isAlive(pid))
  }
  child.kill('SIGINT')
  t.same(await once(child, 'exit'), [0, null])
})

t.test('touched files and the pipe ask for the same', async t => {
  const sluice = await startSluice(t, {
    ini: `${INI}touch-reload = touched\ntouch-logreopen = logs\nmaster-fifo = fifo\n`,
    files: { touched: '' },
  })
  utimesSync(join(sluice.directory, 'touched'), 1, 1)
  await sluice.logged(/"by":"touched file"/)
  await sluice.logged(/"msg":"reloaded"/)
  writeFileSync(join(sluice.directory, 'logs'), '')
  await sluice.logged(/"command":"reopen logs","by":"touched file"/)
  writeFileSync(join(sluice.directory, 'fifo'), 's')
  await sluice.logged(/"msg":"status"/)
  writeFileSync(join(sluice.directory, 'fifo'), 'q')
  t.equal((await sluice.ended).code, 0)
  t.notOk(existsSync(join(sluice.directory, 'fifo')))
})

// Between fork and exec it is a copy of this process.
function isOurs(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('bin/sluice.js')
}

// A bit of SigCgt per signal that has a handler.
function catches(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0'
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n
}

// The inspector listens on a TCP port; those of the application belong to nobody but listeners of the config.
function isInspected(pid: number): boolean {
  const inodes = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(
      ([, local = '', , state]) =>
        state === LISTEN && Number.parseInt(local.split(':')[1]!, 16) === INSPECTOR_PORT,
    )
    .map(fields => `socket:[${fields[9]}]`)
  return readdirSync(`/proc/${pid}/fd`).some(fd => inodes.includes(linkOf(`/proc/${pid}/fd/${fd}`)))
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
