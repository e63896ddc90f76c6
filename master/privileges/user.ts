// master/privileges/user.ts: which user and groups the config asks Sluice to become.
import type { Config, Place, Problem } from '../../config/config.ts'
import type { Log } from '../logs/log.ts'
import { findGroup, findUser, idOf, supplementaryGroups, type User } from './accounts.ts'
import type { Owner } from './owner.ts'

/** What to become once everything privileged is done. */
export interface UserPlan extends Owner {
  /** Supplementary groups, all of them. */
  readonly groups: readonly number[]
  /** For people: "www-data", or a number without a name. */
  readonly name: string
  readonly groupName: string
  /** Of the option that asked for it. */
  readonly place: Place
}

export interface UserAnswer {
  /** null: stay who we are. */
  readonly user: UserPlan | null
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Who we are now. */
export interface Self {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

/** What useradd and groupadd take. */
const NAME = /^[a-z_][a-z0-9_-]*$/

type Refuse = (place: Place, problem: string, remedy: string) => null

/** @param self for tests: another process than this one */
export function planUser(config: Config, self: Self = whoWeAre()): UserAnswer {
  const problems: Problem[] = []
  const refuse: Refuse = (place, problem, remedy) => {
    problems.push({ place, problem, remedy })
    return null
  }
  const { values, place } = config
  const warnings = hasTarget(config) ? [] : withoutEffect(config)
  const wanted = readTarget(config, self, refuse)
  const added = readAdded(config, refuse)
  if (wanted === null || problems.length > 0) return { user: null, problems, warnings }
  if (self.uid !== 0) {
    refuseOther(config, wanted, added, self, refuse)
    return { user: null, problems, warnings }
  }
  const groups = added.length > 0 ? added : values['no-initgroups'] ? [] : ownGroups(wanted)
  const user = { ...wanted, groups: [...new Set(groups)] }
  if (values.uid !== null && user.uid === 0) {
    const problem = `"uid = ${values.uid}" lets Sluice stay root`
    warnings.push({ place: place('uid'), problem, remedy: 'Name a user without rights, such as www-data' })
  }
  return { user: withoutUser(user), problems, warnings }
}

/** Once at a start. @param user what planUser answered */
export function warnOfRoot(user: UserPlan | null, log: Log): void {
  if (user === null && process.geteuid?.() === 0) log.warn('Sluice runs as root: set uid')
}

export function whoWeAre(): Self {
  return { uid: process.geteuid!(), gid: process.getegid!(), groups: process.getgroups!() }
}

/** What uid and gid name, and the account behind it, if any. */
interface Target extends Omit<UserPlan, 'groups'> {
  readonly account: User | null
}

function hasTarget({ values }: Config): boolean {
  return values.uid !== null || values.gid !== null
}

function withoutEffect({ values, place }: Config): Problem[] {
  const options = [
    ...(values['add-gid'].length > 0 ? (['add-gid'] as const) : []),
    ...(values['no-initgroups'] ? (['no-initgroups'] as const) : []),
  ]
  return options.map(option => ({
    place: place(option),
    problem: `"${option}" has no effect without uid or gid`,
    remedy: 'Add a line such as uid = www-data',
  }))
}

// gid alone leaves the user as it is, and takes no groups of any user's.
function readTarget(config: Config, self: Self, refuse: Refuse): Target | null {
  const { values, place } = config
  if (!hasTarget(config)) return null
  const group = values.gid === null ? null : readGroup(values.gid, place('gid'), refuse)
  if (values.gid !== null && group === null) return null
  if (values.uid === null) {
    const { uid } = self
    return (
      group && {
        uid,
        gid: group.gid,
        name: `${uid}`,
        groupName: group.name,
        place: place('gid'),
        account: null,
      }
    )
  }
  const account = findUser(values.uid)
  const uid = account?.uid ?? idOf(values.uid)
  if (uid === null) {
    return refuse(
      place('uid'),
      `there is no user "${values.uid}"`,
      NAME.test(values.uid)
        ? `Correct the name, or make the user: useradd --system ${values.uid}`
        : 'Write the name of a user, or its number',
    )
  }
  const gid = group?.gid ?? account?.gid
  if (gid === undefined) {
    const problem = `user ${uid} has no account on this machine, so its group is not known`
    return refuse(place('uid'), problem, 'Add gid = GROUP')
  }
  const groupName = group?.name ?? findGroup(String(gid))?.name ?? String(gid)
  return { uid, gid, name: account?.name ?? values.uid, groupName, place: place('uid'), account }
}

// A number needs no name.
function readGroup(
  text: string,
  place: Place,
  refuse: Refuse,
): { readonly gid: number; readonly name: string } | null {
  const id = idOf(text)
  const found = findGroup(text) ?? (id === null ? null : { gid: id, name: text })
  if (found !== null) return found
  const remedy = NAME.test(text)
    ? `Correct the name, or make the group: groupadd --system ${text}`
    : 'Write the name of a group, or its number'
  return refuse(place, `there is no group "${text}"`, remedy)
}

function readAdded({ values, place }: Config, refuse: Refuse): number[] {
  const groups = values['add-gid'].map((text, i) => readGroup(text, place('add-gid', i), refuse))
  return groups.flatMap(group => (group === null ? [] : [group.gid]))
}

// As initgroups gives them: the group that is taken, and those the user is a member of.
function ownGroups({ account, gid }: Target): number[] {
  return account === null ? [] : [gid, ...supplementaryGroups(account)]
}

function withoutUser({ uid, gid, groups, name, groupName, place }: UserPlan): UserPlan {
  return { uid, gid, groups, name, groupName, place }
}

// A supervisor that started us as that user already did our work.
function refuseOther(
  { values, place }: Config,
  wanted: Target,
  added: readonly number[],
  self: Self,
  refuse: Refuse,
): void {
  const we = `and Sluice runs as user ${self.uid}`
  if (values.uid !== null && wanted.uid !== self.uid) {
    const problem = `only root can become another user: uid asks for ${wanted.name}, ${we}`
    refuse(place('uid'), problem, 'Start as root, or take uid out')
  }
  if (values.gid !== null && wanted.gid !== self.gid) {
    const problem = `only root can become another group: gid asks for ${wanted.groupName}, ${we} with group ${self.gid}`
    refuse(place('gid'), problem, 'Start as root, or take gid out')
  }
  for (const [i, gid] of added.entries()) {
    if (gid === self.gid || self.groups.includes(gid)) continue
    const problem = `only root can take another group: add-gid asks for ${values['add-gid'][i]}, ${we} without it`
    refuse(place('add-gid', i), problem, 'Start as root, or take add-gid out')
  }
}
