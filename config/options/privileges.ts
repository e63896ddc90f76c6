// config/options/privileges.ts: as which user Sluice runs once everything privileged is done.
import { flag, text } from '../kinds.ts'
import { list, option, optionOr } from '../option.ts'

const USER = text('USER', 'Write the name of a user, or its number')
const GROUP = text('GROUP', 'Write the name of a group, or its number')

export const privilegeOptions = {
  title: 'Privileges',
  options: {
    uid: option(USER, {
      doc: 'Becomes this user, by name or number, once every socket is bound. Without gid, its own group is taken.',
    }),
    gid: option(GROUP, { doc: 'Becomes this group, by name or number, before the user changes.' }),
    'add-gid': list(GROUP, {
      doc: "A supplementary group, by name or number. With at least one line they replace the user's own, which are taken otherwise.",
    }),
    'no-initgroups': optionOr(flag, 'false', {
      doc: "Takes none of the user's supplementary groups.",
      argument: 'none',
    }),
    'http-uid': option(USER, {
      doc: 'Accepted when it names the user of uid: all processes of an instance have one.',
    }),
    'http-gid': option(GROUP, {
      doc: 'Accepted when it names the group of gid: all processes of an instance have one.',
    }),
    'master-as-root': optionOr(flag, 'false', {
      doc: 'Refused: nothing of Sluice stays root once the sockets are bound.',
      argument: 'none',
    }),
  },
}
