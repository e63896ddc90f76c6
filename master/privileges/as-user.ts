// master/privileges/as-user.ts: does something as another user and comes back, while we are still root.

import { StartRefused } from '../refused.ts'
import { forbidden } from './drop.ts'
import type { UserPlan } from './user.ts'

/**
 * Files meet `act` as they will meet us after the drop: the kernel judges by the effective user, and takes root's
 * capabilities away with it. All threads change, so this is for a start, when no other work is in hand; `act` must
 * be done when it returns. (fs.access asks about the real user, which stays root: open instead.)
 *
 * @throws StartRefused when the system does not let us; whatever `act` throws
 */
export function asUser<T>(user: UserPlan, act: () => T): T {
  const before = { uid: process.geteuid!(), gid: process.getegid!(), groups: process.getgroups!() }
  try {
    try {
      process.setgroups!([...user.groups])
      process.setegid!(user.gid)
      process.seteuid!(user.uid)
    } catch (error) {
      throw new StartRefused('SLUICE_START_FAILED', [{ place: user.place, ...forbidden(user, error) }])
    }
    return act()
  } finally {
    comeBack(before)
  }
}

// Only what changed. Nobody could go on from half a user: what fails here ends the start.
function comeBack({ uid, gid, groups }: { uid: number; gid: number; groups: number[] }): void {
  if (process.geteuid!() !== uid) process.seteuid!(uid)
  if (process.getegid!() !== gid) process.setegid!(gid)
  if (process.getgroups!().join() !== groups.join()) process.setgroups!(groups)
  if (process.geteuid!() !== uid || process.getegid!() !== gid) throw new Error('root did not come back')
}
