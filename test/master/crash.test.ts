// test/master/crash.test.ts: a master that is killed at any moment leaves nothing that keeps the next one from starting.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CONTROL, reloadWith } from '../support/control.ts'
import { isAlive, until } from '../support/processes.ts'
import { freshDirectory, runSluice, type Sluice, startSluice } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

// An address that no other test has.
const HOST = `127.77.${(process.pid >> 8) & 255}.${process.pid & 255}`
const INI = `http = ${HOST}:PORT
http = main.sock
pidfile = run.pid
safe-pidfile = safe.pid
master-fifo = fifo
http-processes = 2
attach-daemon = exec sleep 1000
`

t.jobs = 2

t.test('killed while it starts', async t => {
  const cwd = freshDirectory(t)
  for (const ms of [300, 700]) {
    // The watchdog kills it so many milliseconds after its start, wherever it is then.
    const watchdog = ['timeout', '--signal=KILL', '--foreground', `${ms / 1000}`]
    await runSluice(t, { ini: iniAt(7007), cwd, wrapper: watchdog })
    await nobodyIn(cwd)
  }
  await serves(t, cwd, 7007)
})

t.test('killed in a reload, and in a stop', async t => {
  const cwd = freshDirectory(t)
  for (const [i, ms] of [10, 0].entries()) {
    const sluice = await serves(t, cwd, 7008)
    if (i % 2 === 0)
      void reloadWith(sluice, `${INI.replace('PORT', '7008')}http = extra.sock\n`, { replace: true }).catch(
        () => {},
      )
    else sluice.kill('SIGTERM')
    // sleeps: the moment of the kill is what is tried
    await new Promise(resolve => setTimeout(resolve, ms))
    sluice.kill('SIGKILL')
    await sluice.ended
    await nobodyIn(cwd)
  }
  const sluice = await serves(t, cwd, 7008)
  t.equal((await sluice.stop('SIGTERM')).code, 0)
  const left = readdirSync(cwd).filter(name => /sock$|fifo$|pid$/.test(name))
  // A pipe that is found there is used, and stays; of a socket that only a lost reload named nobody knows.
  t.same(
    left.filter(name => name !== 'fifo' && name !== 'extra.sock'),
    [],
  )
})

function iniAt(port: number): string {
  return `[sluice]\n${CONTROL}${INI.replace('PORT', String(port))}`
}

async function serves(t: Test, cwd: string, port: number): Promise<Sluice> {
  const sluice = await startSluice(t, { ini: iniAt(port), cwd })
  const { status } = await fetch(`http://${HOST}:${port}/`)
  if (status !== 200) throw new Error(`status ${status}`)
  return sluice
}

/** All processes that run in a directory end. */
async function nobodyIn(directory: string): Promise<void> {
  await until('nobody is left', () => processesIn(directory).length === 0)
}

function processesIn(directory: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => Number.isInteger(pid) && pid !== process.pid && isAlive(pid) && runsIn(pid, directory))
}

function runsIn(pid: number, directory: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(join(directory, 'state'))
  } catch {
    return false
  }
}
