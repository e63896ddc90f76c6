// test/tools/quiet-services.ts: keeps Debian packages from starting their services while they are installed.
import { spawnSync } from 'node:child_process'
import { lstatSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'

// Debian's maintainer scripts ask this program before they start anything; 101 means no (and nothing else does
// that under systemd as well as without it).
const POLICY = '/usr/sbin/policy-rc.d'
const MARK = 'Put here by the tests of Sluice'

/**
 * Runs `action` while no package may start a service.
 *
 * A policy of the machine's owner that says no already is left alone; another one is put aside and put back.
 * Ours answers for this process only: if we are killed halfway it gives way to the one put aside, or allows what a
 * machine without a policy allows, and the next run clears it away.
 *
 * @param policy where the policy lives; another path in tests
 */
export function withServicesQuiet<T>(action: () => T, policy: string = POLICY): T {
  clearAway(policy)
  if (forbidsStarts(policy)) return action()
  const aside = freeName(`${policy}.before-sluice`)
  if (isThere(policy)) renameSync(policy, aside)
  try {
    writeFileSync(policy, ourPolicy(aside), { mode: 0o755, flag: 'wx' })
    return action()
  } finally {
    clearAway(policy)
    if (isThere(aside) && !isThere(policy)) renameSync(aside, policy)
  }
}

// What this run put there, or one that was killed: only a file that bears our mark goes.
function clearAway(policy: string): void {
  if (!isFile(policy)) return
  const aside = new RegExp(`^# ${MARK}.*; the one before: (.+)$`, 'm').exec(readFileSync(policy, 'utf8'))?.[1]
  if (aside === undefined) return
  rmSync(policy)
  if (isThere(aside)) renameSync(aside, policy)
}

function freeName(name: string): string {
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? name : `${name}-${i}`
    if (!isThere(candidate)) return candidate
  }
}

function forbidsStarts(policy: string): boolean {
  return isFile(policy) && spawnSync(policy, ['nginx', 'start'], { stdio: 'ignore' }).status === 101
}

// A process is told apart from a later one of the same number by its time of start, field 22 of its stat.
function ourPolicy(aside: string): string {
  const started = startTime(readFileSync(`/proc/${process.pid}/stat`, 'utf8'))
  return `#!/bin/sh
# ${MARK} so that packages start no service; the one before: ${aside}
# Once process ${process.pid} is gone this file means nothing: remove it, and give the one before its name back.
started=$(sed 's/.*) //' /proc/${process.pid}/stat 2>/dev/null | cut -d' ' -f20)
[ "$started" = ${started} ] && exit 101
[ -x '${aside}' ] && exec '${aside}' "$@"
exit 0
`
}

// The second field, the name in parentheses, may hold blanks: count from its end.
function startTime(stat: string): string {
  return stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[19]!
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

// lstat: a policy may be a link of update-alternatives, even one that leads nowhere.
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
