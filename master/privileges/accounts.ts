// master/privileges/accounts.ts: users and groups of this machine. getent and id ask every source there is (LDAP too); where
// they are missing (a container without tools), /etc/passwd and /etc/group answer.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface User {
  readonly name: string
  readonly uid: number
  /** Its primary group. */
  readonly gid: number
}

export interface Group {
  readonly name: string
  readonly gid: number
}

/** Milliseconds that a directory service has to answer. */
const LIMIT_MS = 10_000
/** What (uid_t) -1 stands for: "do not change". */
const NO_ID = 2 ** 32 - 1
const NOT_FOUND = 2 // getent's exit code

/** @returns the id that a text of digits stands for; null when it is a name, or no id */
export function idOf(text: string): number | null {
  return /^\d{1,10}$/.test(text) && Number(text) < NO_ID ? Number(text) : null
}

/** @param text name or number. @returns null when there is none */
export function findUser(text: string): User | null {
  const [name, , uid, gid] = entry('passwd', text) ?? []
  return name === undefined ? null : { name, uid: Number(uid), gid: Number(gid) }
}

/** @param text name or number. @returns null when there is none */
export function findGroup(text: string): Group | null {
  const [name, , gid] = entry('group', text) ?? []
  return name === undefined ? null : { name, gid: Number(gid) }
}

/** Groups that a user is a member of, its primary one aside. */
export function supplementaryGroups({ name, gid }: User): number[] {
  return groupIds(name).filter(id => id !== gid)
}

// Fields of a line. Nothing that begins with a dash is a name, but an option of getent.
function entry(database: 'passwd' | 'group', key: string): string[] | null {
  if (key.startsWith('-')) return null
  try {
    return ask('getent', [database, key]).split('\n')[0]!.split(':')
  } catch (error) {
    if ((error as { status?: number | null }).status === NOT_FOUND) return null
    const id = idOf(key)
    const isWanted = (fields: string[]) => (id === null ? fields[0] === key : Number(fields[2]) === id)
    return lines(`/etc/${database}`).find(isWanted) ?? null
  }
}

function groupIds(user: string): number[] {
  try {
    return ask('id', ['-G', user]).trim().split(' ').map(Number)
  } catch {
    const isMember = (fields: string[]) => fields[3]?.split(',').includes(user) ?? false
    return lines('/etc/group')
      .filter(isMember)
      .map(fields => Number(fields[2]))
  }
}

function ask(command: string, args: readonly string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    timeout: LIMIT_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

function lines(file: string): string[][] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map(line => line.split(':'))
  } catch {
    return []
  }
}
