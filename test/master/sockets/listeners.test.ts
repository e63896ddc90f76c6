// test/master/sockets/listeners.test.ts: which sockets a config asks for, and whether two configs ask for the same.
import t from 'tap'
import { Inherited } from '../../../master/sockets/activation.ts'
import { planListeners } from '../../../master/sockets/listeners.ts'
import { readSocketRights } from '../../../master/sockets/socket-rights.ts'
import { configOf } from '../../support/config.ts'

const NOTHING = new Inherited({}, process.pid)

t.test('paths, shared sockets and abstract names become addresses to bind', async t => {
  const argv = ['--shared-socket', '127.0.0.1:8001', '--http', '=0', '--http', 'x.sock', '--http', '@name']
  const { binds, listeners, problems } = await planListeners(configOf(argv), '/tmp', NOTHING)
  t.same(problems, [])
  t.same(
    binds.map(({ name }) => name),
    ['127.0.0.1:8001', '0.0.0.0:0', '/tmp/x.sock', '@name'],
  )
  t.same(
    listeners.map(({ bind }) => binds[bind]?.name),
    ['0.0.0.0:0', '127.0.0.1:8001', '/tmp/x.sock', '@name'],
  )
})

t.test('the same config asks for the same sockets again', async t => {
  const argv = ['--http', '127.0.0.1:8001', '--http-to-https', '[::1]:8002', '--http', '@name']
  const [one, two] = [
    await planListeners(configOf(argv), '/', NOTHING),
    await planListeners(configOf([...argv, '--http-timeout', '5']), '/', NOTHING),
  ]
  t.same(one.binds, two.binds)
})

t.test('fd://N is not looked at for another process, as "sluice check" is one', async t => {
  const { listeners, problems, warnings } = await planListeners(configOf(['--http', 'fd://3']), '/', null)
  t.equal(listeners.length, 1, 'only :0')
  t.same(problems, [])
  t.match(warnings[0]?.problem, 'fd://3 is known to the process that is started with it')
})

t.test('rights of UNIX sockets', async t => {
  const read = (...argv: string[]) => readSocketRights(configOf(argv))

  t.test('names and numbers', async t => {
    t.match(read('--chown-socket', 'root:root').rights, { uid: 0, gid: 0, mode: null })
    t.match(read('--chown-socket', '12345:54321').rights, { uid: 12345, gid: 54321 })
  })

  t.test('a user alone leaves the group', async t => {
    t.match(read('--chown-socket', 'root').rights, { uid: 0, gid: null })
  })

  t.test('modes in octal, 666 without a value', async t => {
    t.equal(read('--chmod-socket=660').rights.mode, 0o660)
    t.equal(read('--chmod-socket').rights.mode, 0o666)
    t.equal(read().rights.mode, null)
  })

  t.test('a name that nobody has is refused', async t => {
    const { problems } = read('--chown-socket', 'nobody-of-that-name:nor-that')
    t.same(
      problems.map(({ problem }) => problem),
      ['there is no user "nobody-of-that-name"', 'there is no group "nor-that"'],
    )
  })
})
