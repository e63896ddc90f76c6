// certs/manage/state-directory.ts: where what outlives a run is kept.
import { accessSync, constants, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Candidates, best first: what systemd gives, the system's place, the user's place. */
export function stateDirectories(env: NodeJS.ProcessEnv = process.env): string[] {
  // systemd may hand several, separated by colons; the first is the unit's own.
  const given = env.STATE_DIRECTORY?.split(':')[0]
  const user = join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'sluice')
  return given ? [given] : ['/var/lib/sluice', user]
}

/** Makes the first candidate that this user may write, readable by nobody else. @returns null when there is none */
export function openStateDirectory(env: NodeJS.ProcessEnv = process.env): string | null {
  return stateDirectories(env).find(isUsable) ?? null
}

function isUsable(path: string): boolean {
  try {
    makeDirectory(path)
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

// mkdirSync's own `recursive` never ends below /proc, where making a directory fails as if its parent were missing.
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    makeDirectory(dirname(path))
    mkdirSync(path, { mode: 0o700 })
  }
}
