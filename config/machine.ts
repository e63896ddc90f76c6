// config/machine.ts: the magic variables that tell about this machine and this process.
import { readFileSync } from 'node:fs'
import { availableParallelism, hostname, userInfo } from 'node:os'
import type { MagicVariables } from './magic.ts'

/** %v %V %h %b %k %t %T %u %U %g %G and %[, the escape character. Taken once, so that all files see the same time. */
export function machineVariables(cwd: string, version: string): MagicVariables {
  const nowMs = Date.now()
  const gid = process.getgid?.() ?? 0
  return {
    v: cwd,
    V: version,
    h: hostname(),
    b: process.execPath,
    k: String(availableParallelism()),
    t: String(Math.floor(nowMs / 1000)),
    T: String(nowMs * 1000),
    u: String(process.getuid?.() ?? 0),
    U: userName(),
    g: String(gid),
    G: groupName(gid),
    '[': '\x1b',
  }
}

// A process may run under a number that has no name, as containers do.
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 0)
  }
}

function groupName(gid: number): string {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find(entry => entry.split(':')[2] === String(gid))
    return line?.split(':')[0] ?? String(gid)
  } catch {
    return String(gid)
  }
}
