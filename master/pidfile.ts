// master/pidfile.ts: the file that tells others the master's process id.
import { lstatSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { StartPlan } from './plan.ts'
import { StartRefused } from './refused.ts'
import { unwritableProblem } from './writable.ts'

type Pidfile = NonNullable<StartPlan['pidfile']>

/** Leaves the file of an instance that runs alone; all others are stale. @throws StartRefused */
export function checkPidfile({ path, place }: Pidfile): void {
  const pid = pidIn(path)
  if (pid === null || pid === process.pid || !isMaster(pid)) return
  const problem = `the pid file ${path} belongs to another Sluice that runs, process ${pid}`
  throw new StartRefused('SLUICE_START_FAILED', [
    { place, problem, remedy: 'Stop that process, or name another file' },
  ])
}

/** Writes it whole, so that no reader meets an empty file. @throws StartRefused, as checkPidfile does */
export function writePidfile(pidfile: Pidfile): void {
  checkPidfile(pidfile)
  const { path, place } = pidfile
  try {
    replace(path, `${process.pid}\n`)
  } catch (error) {
    throw new StartRefused('SLUICE_START_FAILED', [
      unwritableProblem(path, 'pid file', place, error as NodeJS.ErrnoException),
    ])
  }
}

/** Removes it unless it is not ours any more. */
export function removePidfile(path: string): void {
  if (pidIn(path) !== process.pid) return
  try {
    rmSync(path)
  } catch {
    // gone, or in a directory we may no longer write: nothing that a stop should fail for
  }
}

// null: no file, or no pid of an ordinary process in it.
function pidIn(path: string): number | null {
  try {
    if (!statSync(path).isFile()) return null // /dev/stdin would be waited for
    const text = readFileSync(path, 'latin1').trim()
    return /^\d{1,10}$/.test(text) && Number(text) > 1 ? Number(text) : null
  } catch {
    return null
  }
}

// A number may have gone to another program since. Before its title is set, a master shows how it was started.
function isMaster(pid: number): boolean {
  try {
    const [program = '', ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return (
      program === 'sluice: master' || words.some(word => /(^|\/)(bin\/sluice\.js|\.bin\/sluice)$/.test(word))
    )
  } catch {
    return false
  }
}

// What is no plain file (a link, /dev/null), or lies in a directory that we may not write, is written in place.
function replace(path: string, text: string): void {
  const isPlain = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true
  if (!isPlain) {
    writeFileSync(path, text)
    return
  }
  const draft = `${path}.${process.pid}`
  try {
    writeFileSync(draft, text, { mode: 0o644 })
    renameSync(draft, path)
  } catch {
    rmSync(draft, { force: true })
    writeFileSync(path, text, { mode: 0o644 })
  }
}
