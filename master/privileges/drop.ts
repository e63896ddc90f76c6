// master/privileges/drop.ts: gives up root for good, in the master itself, and believes it only once the way back was tried.
import { readdirSync, readFileSync } from 'node:fs'
import { StartRefused } from '../refused.ts'
import type { UserPlan } from './user.ts'

/** Lists of capabilities that must be empty; what may be inherited or is allowed in principle gives no right. */
const CAPABILITIES = ['CapPrm', 'CapEff', 'CapAmb'] as const

/**
 * Groups first, as only root may change them; the user last. Every thread changes with us.
 *
 * @throws StartRefused when the system forbids it, or when anything of root is left
 */
export function dropPrivileges(user: UserPlan): void {
  try {
    process.setgroups!([...user.groups])
    process.setgid!(user.gid)
    process.setuid!(user.uid)
  } catch (error) {
    throw refused(user, forbidden(user, error))
  }
  const doubts = [...waysBack(user), ...leftOvers(user)]
  if (doubts.length > 0) {
    const problem = `after Sluice became user ${user.name}, ${doubts.join('; ')}`
    throw refused(user, { problem, remedy: 'Correct what the system grants this process, or take uid out' })
  }
}

/** The text for a system that does not let its root change users. */
export function forbidden(user: UserPlan, error: unknown): { problem: string; remedy: string } {
  const { code } = error as NodeJS.ErrnoException
  return {
    problem: `the system does not let root become user ${user.name} (${code ?? (error as Error).message})`,
    remedy:
      code === 'EINVAL'
        ? 'In a container, map this user into it'
        : 'Give the container the capabilities CAP_SETUID and CAP_SETGID, or start it as that user',
  }
}

// Being refused is what we want to see.
function waysBack({ uid, gid }: UserPlan): string[] {
  if (uid === 0) return []
  const doubts = [
    wayBack('user root', () => process.setuid!(0)),
    wayBack('effective user root', () => process.seteuid!(0)),
    wayBack('root by a supplementary group', () => process.setgroups!([0])),
  ]
  if (gid !== 0) {
    doubts.push(wayBack('group root', () => process.setgid!(0)))
    doubts.push(wayBack('effective group root', () => process.setegid!(0)))
  }
  return doubts.flat()
}

function wayBack(what: string, tryIt: () => void): string[] {
  try {
    tryIt()
    return [`it could become ${what} again`]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EPERM' ? [] : [`the way back to ${what} fails oddly (${code})`]
  }
}

/** What the kernel says about each of our threads. */
function leftOvers(user: UserPlan): string[] {
  try {
    const doubts = readdirSync('/proc/self/task').flatMap(thread =>
      threadDoubts(readFileSync(`/proc/self/task/${thread}/status`, 'latin1'), user),
    )
    return [...new Set(doubts)]
  } catch (error) {
    return [`/proc does not tell what is left of root (${(error as NodeJS.ErrnoException).code})`]
  }
}

/** Pure. @param status text of /proc/PID/status. @returns what is not as it should be */
export function threadDoubts(status: string, { uid, gid, groups }: UserPlan): string[] {
  const doubts: string[] = []
  const expect = (name: string, wanted: string) => {
    const found = field(status, name)
    if (found !== wanted) doubts.push(`the kernel says ${name} ${found || 'none'}, not ${wanted || 'none'}`)
  }
  expect('Uid', Array(4).fill(uid).join(' '))
  expect('Gid', Array(4).fill(gid).join(' '))
  expect('Groups', [...groups].sort((a, b) => a - b).join(' '))
  if (uid !== 0) for (const name of CAPABILITIES) expect(name, '0000000000000000')
  return doubts
}

// Groups come in the kernel's order, which sorts them.
function field(status: string, name: string): string {
  const text = new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? 'nothing'
  return text.trim().split(/\s+/).join(' ')
}

function refused({ place }: UserPlan, problem: { problem: string; remedy: string }): StartRefused {
  return new StartRefused('SLUICE_START_FAILED', [{ place, ...problem }])
}
