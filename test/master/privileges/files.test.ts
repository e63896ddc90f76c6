// test/master/privileges/files.test.ts: files are given to the user we become, and root is never led astray by it.
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { asUser } from '../../../master/privileges/as-user.ts'
import { handOver, makeFor } from '../../../master/privileges/hand-over.ts'
import { openDirectory } from '../../support/installation.ts'
import type { Test } from '../../support/tmp.ts'

const USER = {
  uid: 33,
  gid: 33,
  groups: [33],
  name: 'www-data',
  groupName: 'www-data',
  place: { file: null, line: 0 },
}
const OTHER = 65534

/** A directory of root with one of the user in it. */
function ground(t: Test) {
  const root = openDirectory(t)
  const users = join(root, 'users')
  mkdirSync(users)
  chownSync(users, USER.uid, USER.gid)
  const secret = join(root, 'secret')
  writeFileSync(secret, 'of root', { mode: 0o600 })
  return { root, users, secret }
}

t.test('made for the user', async t => {
  const { root, users } = ground(t)
  for (const directory of [root, users]) {
    const file = join(directory, 'x.log')
    t.equal(makeFor(USER, file, 0o600), true)
    const { uid, gid, mode, size } = statSync(file)
    t.strictSame([uid, gid, mode & 0o777, size], [USER.uid, USER.gid, 0o600, 0])
    t.equal(makeFor(USER, file), false, 'what is there is left alone')
  }
  t.equal(process.geteuid?.(), 0, 'and we are root again')
})

t.test('not made where the user could lead the way elsewhere', async t => {
  const { root, users } = ground(t)
  const target = join(root, 'cron.d')
  mkdirSync(target)
  symlinkSync(target, join(users, 'logs'))
  t.throws(() => makeFor(USER, join(users, 'logs/x.log')), { code: 'EACCES' })
  t.notOk(existsSync(join(target, 'x.log')))
  symlinkSync(join(target, 'y.log'), join(users, 'y.log'))
  t.equal(makeFor(USER, join(users, 'y.log')), false, 'nor through a dangling link')
  t.notOk(existsSync(join(target, 'y.log')))
})

t.test('handed over: what root made', async t => {
  const { root, users } = ground(t)
  const paths = [join(root, 'a.log'), join(users, 'b.log'), join(root, 'state')]
  writeFileSync(paths[0]!, '')
  writeFileSync(paths[1]!, '')
  mkdirSync(paths[2]!)
  t.strictSame(handOver(USER, paths), [])
  for (const path of paths) t.strictSame([statSync(path).uid, statSync(path).gid], [USER.uid, USER.gid], path)
  t.strictSame(handOver(USER, paths), [], 'twice is harmless')
})

t.test('kept', async t => {
  const { root, users, secret } = ground(t)
  const open = join(root, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  mkdirSync(join(open, 'inner'))
  const others = join(root, 'others')
  writeFileSync(others, '')
  chownSync(others, OTHER, OTHER)
  symlinkSync(secret, join(users, 'link.log'))
  linkSync(secret, join(users, 'second-name.log'))
  symlinkSync(root, join(users, 'up'))
  writeFileSync(join(root, 'single'), '')
  writeFileSync(join(open, 'inner/x.log'), '')
  for (const [what, path] of [
    ['what a link leads to', join(users, 'link.log')],
    ['what has a second name', join(users, 'second-name.log')],
    ['what lies behind a directory of the user', join(users, 'up/single')],
    ['what lies below a directory that all may write', join(open, 'inner/x.log')],
    ['what belongs to somebody else', others],
    ['what is gone', join(root, 'gone')],
    ['devices', '/dev/null'],
  ] as const) {
    t.strictSame(handOver(USER, [path]), [path], what)
  }
  t.equal(statSync(secret).uid, 0)
  t.equal(statSync(join(root, 'single')).uid, 0)
  t.equal(lstatSync(join(users, 'link.log')).uid, 0)
  t.equal(statSync('/dev/null').uid, 0)
})

t.test('as another user, and back whatever happens', async t => {
  const { secret } = ground(t)
  t.throws(() => asUser(USER, () => writeFileSync(secret, 'x')), { code: 'EACCES' })
  t.strictSame([process.geteuid?.(), process.getegid?.()], [0, 0])
  const groups = process.getgroups?.()
  t.strictSame(
    asUser({ ...USER, groups: [4] }, () => [process.geteuid?.(), process.getegid?.(), process.getgroups?.()]),
    [USER.uid, USER.gid, [4, 33]],
  )
  t.strictSame(process.getgroups?.(), groups)
})
