// master/privileges/owner.ts: the user that an instance becomes when it drops its privileges.

/** To whom files are given that must stay manageable after the drop. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}
