// test/master/privileges/change-file.test.ts: what changes is the file that was looked at, or nothing.
import { readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { changeFile, isFresh } from '../../../master/privileges/change-file.ts'
import { UnixSocket } from '../../../master/sockets/held-socket.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

const NOBODY = { uid: 65534, gid: 65534 }

t.test('a link is not followed, and what the path means later does not count', async t => {
  const directory = temporaryDirectory(t)
  const [victim, path, link] = ['victim', 'path', 'link'].map(name => join(directory, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(victim, '')
  writeFileSync(path, '')
  symlinkSync(victim, link)
  t.equal(
    changeFile(link, stat => stat.isFile() && isFresh(stat), { owner: NOBODY }),
    false,
  )
  const replace = () => {
    renameSync(link, path) // as the user that rules the directory may do at any moment
    return true
  }
  t.equal(changeFile(path, replace, { owner: NOBODY, mode: 0o666 }), true)
  t.same([statSync(victim).uid, statSync(victim).mode & 0o777], [0, 0o644])
  t.equal(readFileSync(path, 'utf8'), '')
})

t.test('a listening socket whose path became a link leaves what that leads to alone', async t => {
  const directory = temporaryDirectory(t)
  const [victim, path] = [join(directory, 'victim'), join(directory, 'x.sock')]
  writeFileSync(victim, '')
  const socket = new UnixSocket(new net.BoundSocket({ path } as net.BoundSocketOptions), path)
  t.teardown(() => socket.close())
  t.ok(socket.setRights({ ...NOBODY, mode: 0o660 }))
  t.same([statSync(path).uid, statSync(path).mode & 0o777], [NOBODY.uid, 0o660])
  renameSync(path, `${path}.old`)
  symlinkSync(victim, path)
  t.equal(socket.setRights({ uid: 1, gid: 1, mode: 0o666 }), null)
  t.same([statSync(victim).uid, statSync(victim).mode & 0o777], [0, 0o644])
})
