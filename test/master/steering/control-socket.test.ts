// test/master/steering/control-socket.test.ts: what a master answers through its control socket, to whom, and where that lies.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { StartRefused } from '../../../master/refused.ts'
import { ControlSocket, type ControlSocketOptions } from '../../../master/steering/control-socket.ts'
import { configOf } from '../../support/config.ts'
import { FakeControls, heardLog, REPORT, STATUS, WHY } from '../../support/controls.ts'
import { until } from '../../support/processes.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'

const DEAD = 4_194_304 // above the largest pid there can be

t.test('it lies in the runtime directory, for us alone', async t => {
  const { path, directory } = await open(t)
  t.equal(path, join(directory, `${process.pid}.sock`))
  t.equal(statSync(path!).mode & 0o777, 0o600)
})

t.test('requests are answered by a line each', async t => {
  const { path, controls } = await open(t)
  for (const [request, answer, asked] of [
    [{ command: 'reload' }, { ok: true, report: REPORT }, 'reload'],
    [{ command: 'reload', replace: true }, { ok: true, report: REPORT }, 'replace'],
    [{ command: 'status' }, { ok: true, status: STATUS }, 'status'],
    [{ command: 'why', key: 'a.example' }, { ok: true, why: WHY }, 'why a.example'],
  ] as const) {
    t.same(await askOnce(path!, `${JSON.stringify(request)}\n`), answer)
    t.equal(controls.asked.pop(), asked)
  }
})

t.test('who asks for a stop learns its end by the end of the connection', async t => {
  const { path, controls, socket } = await open(t)
  const client = net.connect(path!)
  client.write('{"command":"stop"}\n')
  t.same(JSON.parse(String((await once(client, 'data'))[0])), { ok: true, stopping: true })
  t.same(controls.asked, ['stop graceful'])
  const closed = once(client, 'close')
  socket.close()
  await closed
  t.notOk(existsSync(path!), 'and the socket is gone')
})

t.test('stop at once', async t => {
  const { path, controls } = await open(t)
  const client = net.connect(path!)
  t.teardown(() => client.destroy())
  client.write('{"command":"stop","now":true}\n')
  await once(client, 'data')
  t.same(controls.asked, ['stop now'])
})

t.test('what is no request is refused in words, and asks for nothing', async t => {
  const { path, controls } = await open(t)
  for (const [what, text] of [
    ['no JSON', 'reload\n'],
    ['an empty line', '\n'],
    ['no object', '[1]\n'],
    ['an unknown command', '{"command":"format"}\n'],
    ['a field of the wrong type', '{"command":"reload","replace":"yes"}\n'],
    ['an unknown field', '{"command":"status","all":true}\n'],
    ['a long line', `${'x'.repeat(5000)}\n`],
    ['a line without end', 'x'.repeat(100_000)],
  ] as const) {
    const answer = await askOnce(path!, text)
    t.equal(answer.ok, false, what)
    t.match(answer.problem, /not understood|too long/, what)
  }
  t.same(controls.asked, [])
})

t.test('who does not come to the point is sent away', async t => {
  const { path } = await open(t, { requestMs: 50 })
  t.match(await askOnce(path!, '{"command":'), { ok: false, problem: /too slowly/ })
})

t.test('a reload that takes long holds up nobody else', async t => {
  const { path, controls } = await open(t, { requestMs: 50 })
  const reloaded = Promise.withResolvers<typeof REPORT>()
  controls.reloads = reloaded.promise
  const waiting = [askOnce(path!, '{"command":"reload"}\n'), askOnce(path!, '{"command":"reload"}\n')]
  t.match(await askOnce(path!, '{"command":"status"}\n'), { ok: true })
  t.match(await askOnce(path!, ''), { problem: /too slowly/ }, 'longer than a request may take')
  reloaded.resolve(REPORT)
  for (const answer of await Promise.all(waiting)) t.match(answer, { ok: true, report: REPORT })
})

t.test('sockets of masters that are gone are removed, other files stay', async t => {
  const directory = temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  symlinkSync('/gone', at(`${DEAD}.sock`))
  leaveSocket(at(`${DEAD - 1}.sock`))
  writeFileSync(at('other.sock'), '')
  // Of other programs, whose directory this is too.
  const held = net.createServer().listen(at('11.sock')).unref()
  t.teardown(() => held.close())
  writeFileSync(at('12.sock'), 'mine')
  mkdirSync(at('13.sock'))
  await open(t, { directory })
  const others = ['11.sock', '12.sock', '13.sock', 'other.sock']
  t.same(readdirSync(directory).sort(), [...others, `${process.pid}.sock`].sort())
})

t.test('control-socket names another place, and the usual one leads there', async t => {
  const directory = temporaryDirectory(t)
  const own = join(temporaryDirectory(t), 'own.sock')
  const { path, socket } = await open(t, { directory, argv: ['--control-socket', own] })
  t.equal(path, own)
  const link = join(directory, `${process.pid}.sock`)
  t.equal(readlinkSync(link), own)
  t.match(await askOnce(link, '{"command":"status"}\n'), { ok: true })
  socket.close()
  t.notOk(existsSync(own))
  t.notOk(lstatSync(link, { throwIfNoEntry: false }))
})

t.test('one in use is left alone', async t => {
  const own = join(temporaryDirectory(t), 'own.sock')
  const before = await open(t, { argv: ['--control-socket', own] })
  const { dev, ino } = statSync(own)
  t.teardown(() => before.socket.close())
  await t.rejects(open(t, { argv: ['--control-socket', own] }), { message: /another process listens there/ })
  t.same([statSync(own).dev, statSync(own).ino], [dev, ino])
})

t.test('a place that control-socket names and cannot be used is told, with its line', async t => {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'file'), 'mine')
  for (const [path, reason] of [
    [join(directory, 'none/x.sock'), /there is no such directory/],
    [join(directory, 'file'), /there is something else with this name/],
    [join(directory, 'file/x.sock'), /no directory/],
    [join(directory, 'x'.repeat(120)), /longer than 107 bytes/],
  ] as const) {
    const error = await open(t, { argv: ['--control-socket', path] }).catch((cause: unknown) => cause)
    t.type(error, StartRefused)
    t.match((error as StartRefused).message, /^command line: the control socket .* cannot be made: /)
    t.match((error as StartRefused).message, reason)
  }
})

t.test('it belongs to the user that the instance becomes, as does its directory', async t => {
  const { path, directory } = await open(t, { owner: { uid: 65534, gid: 65534 } })
  t.equal(statSync(path!).uid, 65534)
  t.equal(statSync(directory).uid, 65534)
})

t.test('an ordinary directory that RUNTIME_DIRECTORY names is not given away', async t => {
  const owner = { uid: 65534, gid: 65534 }
  for (const [what, prepare] of [
    ['holds other files', (directory: string) => writeFileSync(join(directory, 'precious'), '')],
    ['is open to all, as /tmp', (directory: string) => chmodSync(directory, 0o1777)],
    ['is of another user', (directory: string) => chownSync(directory, 12345, 12345)],
  ] as const) {
    const directory = temporaryDirectory(t)
    prepare(directory)
    const { uid, gid, mode } = statSync(directory)
    const { path, socket } = await open(t, { directory, owner })
    t.equal(path, join(directory, `${process.pid}.sock`), `${what}: used all the same`)
    t.equal(statSync(path!).uid, owner.uid)
    socket.close()
    const after = statSync(directory)
    t.same([after.uid, after.gid, after.mode], [uid, gid, mode], what)
  }
})

t.test('one where strangers could replace the socket is not used', async t => {
  const directory = temporaryDirectory(t)
  chmodSync(directory, 0o777)
  const { path } = await open(t, { directory })
  t.not(path, join(directory, `${process.pid}.sock`))
})

t.test('clients that never leave make room for others', async t => {
  const { path } = await open(t, { leaveMs: 100 })
  const stuck = Array.from({ length: 32 }, () => {
    const client = net.connect({ path: path!, allowHalfOpen: true }).on('error', () => {})
    t.teardown(() => client.destroy())
    client.write('{"command":"status"}\n')
    return once(client, 'connect')
  })
  await Promise.all(stuck)
  await until('the next one is answered', async () => {
    return (await askOnce(path!, '{"command":"status"}\n').catch(() => ({ ok: false }))).ok
  })
})

interface Choice {
  readonly leaveMs?: number
  readonly directory?: string
  readonly argv?: readonly string[]
  readonly owner?: ControlSocketOptions['owner']
  readonly requestMs?: number
}

async function open(t: Test, choice: Choice = {}) {
  const directory = choice.directory ?? join(temporaryDirectory(t), 'run')
  mkdirSync(directory, { recursive: true })
  const controls = new FakeControls()
  const socket = new ControlSocket({
    config: configOf(choice.argv ?? []),
    directory: '/',
    env: { RUNTIME_DIRECTORY: directory },
    owner: choice.owner ?? null,
    controls,
    log: heardLog().log,
    ...(choice.requestMs === undefined ? {} : { requestMs: choice.requestMs }),
    ...(choice.leaveMs === undefined ? {} : { leaveMs: choice.leaveMs }),
  })
  t.teardown(() => socket.close())
  return { socket, path: await socket.open(), directory, controls }
}

async function askOnce(path: string, text: string): Promise<{ ok: boolean; problem?: string }> {
  const client = net.connect(path)
  client.on('error', () => {})
  client.write(text)
  let answer = ''
  client.setEncoding('utf8').on('data', piece => {
    answer += piece
  })
  await once(client, 'close')
  return JSON.parse(answer)
}

// As a killed process leaves it: nobody holds it any more.
function leaveSocket(path: string): void {
  const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', program])
}
