// master/pidfile.ts: the file that tells others the master's process id.
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type StartPlan, unwritableProblem } from './plan.ts'
import { StartRefused } from './refused.ts'

/** Writes it whole, so that no reader meets an empty file. @throws StartRefused */
export function writePidfile({ path, place }: NonNullable<StartPlan['pidfile']>): void {
  try {
    replace(path, `${process.pid}\n`)
  } catch (error) {
    throw new StartRefused('SLUICE_START_FAILED', [
      unwritableProblem(path, 'pid file', place, error as Error),
    ])
  }
}

/** Removes it unless a successor wrote its own. */
export function removePidfile(path: string): void {
  try {
    if (readFileSync(path, 'latin1').trim() === String(process.pid)) rmSync(path)
  } catch {
    // gone, or in a directory we may no longer write: nothing that a stop should fail for
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
