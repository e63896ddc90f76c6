// test/master/sockets/sockets.test.ts: binding, what is refused and why, what is left behind.
import { existsSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { StartRefused } from '../../../master/refused.ts'
import {
  type BindRequest,
  type BindTarget,
  type BoundListener,
  bindAll,
} from '../../../master/sockets/sockets.ts'
import { freshDirectory } from '../../support/sluice.ts'

const ONCE = { copies: 1, isShared: false }
const PLACE = { file: 'x.ini', line: 7 }

function request(target: BindTarget): BindRequest {
  const name = target.kind === 'tcp' ? `${target.host}:${target.port}` : target.path.replace('\0', '@')
  return { name, place: PLACE, target, inherited: null }
}

async function bind(t: Test, targets: readonly BindTarget[], options = ONCE): Promise<BoundListener[]> {
  const bound = await bindAll(targets.map(request), options)
  t.teardown(() => bound.map(listener => listener.close()))
  return bound
}

async function refusal(target: BindTarget, options = ONCE): Promise<string> {
  const bound = await bindAll([request(target)], options).catch((error: unknown) => error)
  return bound instanceof StartRefused ? bound.message : 'not refused'
}

/** A server of this process that listens on the descriptor, as a gateway would. */
async function serve(t: Test, fd: number): Promise<void> {
  const server = net.createServer(socket => socket.end('hello'))
  await new Promise<void>(resolve => server.listen({ fd }, resolve))
  t.teardown(() => server.close())
}

t.test(
  'a bound port is known before anybody listens, and serves once a descriptor is listened on',
  async t => {
    const [listener] = await bind(t, [{ kind: 'tcp', host: '127.0.0.1', port: 0 }])
    t.ok(listener!.port > 0)
    await serve(t, listener!.fd(0))
    const socket = net.connect(listener!.port, '127.0.0.1')
    t.equal(String((await socket.toArray())[0]), 'hello')
  },
)

t.test('each gateway has a socket of its own on one port when copies are asked for', async t => {
  const [listener] = await bind(t, [{ kind: 'tcp', host: '127.0.0.1', port: 0 }], {
    copies: 3,
    isShared: false,
  })
  t.equal(new Set([0, 1, 2].map(i => listener!.fd(i))).size, 3)
  t.equal(listener!.fd(3), listener!.fd(0))
})

t.test('without copies all gateways share one socket', async t => {
  const [listener] = await bind(t, [{ kind: 'tcp', host: '127.0.0.1', port: 0 }])
  t.equal(listener!.fd(1), listener!.fd(0))
})

t.test('copies do not slip in beside another program that shares its port', async t => {
  const other = net.createServer()
  await new Promise<void>(resolve => other.listen({ port: 0, host: '127.0.0.1', reusePort: true }, resolve))
  t.teardown(() => other.close())
  const { port } = other.address() as net.AddressInfo
  t.match(
    await refusal({ kind: 'tcp', host: '127.0.0.1', port }, { copies: 2, isShared: false }),
    /in use by/,
  )
  t.equal(
    await refusal({ kind: 'tcp', host: '127.0.0.1', port }, { copies: 2, isShared: true }),
    'not refused',
  )
})

t.test('IPv4 and IPv6 of any address share a port, as both were asked for', async t => {
  const [four] = await bind(t, [{ kind: 'tcp', host: '0.0.0.0', port: 0 }])
  const port = four!.port
  four!.close()
  const both = await bind(t, [
    { kind: 'tcp', host: '0.0.0.0', port },
    { kind: 'tcp', host: '::', port },
  ])
  for (const listener of both) await serve(t, listener.fd(0))
  for (const host of ['127.0.0.1', '::1']) {
    t.equal(String((await net.connect(port, host).toArray())[0]), 'hello', host)
  }
})

t.test('[::] alone takes IPv4 too', async t => {
  const [listener] = await bind(t, [{ kind: 'tcp', host: '::', port: 0 }])
  await serve(t, listener!.fd(0))
  t.equal(String((await net.connect(listener!.port, '127.0.0.1').toArray())[0]), 'hello')
})

t.test('an address of no interface is refused with advice', async t => {
  t.equal(
    await refusal({ kind: 'tcp', host: '203.0.113.9', port: 8080 }),
    'x.ini:7: cannot listen on 203.0.113.9:8080: no interface of this machine has that address. ' +
      'Choose one that "ip address" shows, or 0.0.0.0 for all of them.',
  )
})

t.test('all or nothing: what was bound before a failure is free again', async t => {
  const path = join(freshDirectory(t), 'x.sock')
  const failed = bindAll(
    [request({ kind: 'unix', path }), request({ kind: 'tcp', host: '203.0.113.9', port: 1 })],
    ONCE,
  )
  await t.rejects(failed, { code: 'SLUICE_BIND_FAILED' })
  t.notOk(existsSync(path))
})

t.test('every failure is reported', async t => {
  const targets: BindTarget[] = [1, 2].map(port => ({ kind: 'tcp', host: '203.0.113.9', port }))
  const error = await bindAll(targets.map(request), ONCE).catch((error: unknown) => error)
  t.equal((error as StartRefused).problems.length, 2)
})

t.test('UNIX sockets', async t => {
  t.test('the socket of a killed process is replaced', async t => {
    const path = join(freshDirectory(t), 'x.sock')
    const code = `const b = new (require('net').BoundSocket)({ path: ${JSON.stringify(path)} }); process.kill(process.pid, 'SIGKILL')`
    const { spawnSync } = await import('node:child_process')
    spawnSync(process.execPath, ['-e', code])
    t.ok(existsSync(path), 'it was left behind')
    t.equal((await bind(t, [{ kind: 'unix', path }])).length, 1)
  })

  t.test('one that somebody answers on is refused, naming who', async t => {
    const path = join(freshDirectory(t), 'x.sock')
    const { spawn } = await import('node:child_process')
    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
    ])
    t.teardown(() => child.kill())
    await new Promise(resolve => child.stdout.once('data', resolve))
    const text = await refusal({ kind: 'unix', path })
    t.match(text, `in use by process ${child.pid} (`)
    t.match(text, 'Stop that process, or choose another path.')
    t.ok(existsSync(path))
  })

  t.test('one that is bound but not listened on yet is refused too', async t => {
    const path = join(freshDirectory(t), 'x.sock')
    await bind(t, [{ kind: 'unix', path }])
    t.match(await refusal({ kind: 'unix', path }), /in use by/)
  })

  t.test('a file that is no socket is never removed', async t => {
    const path = join(freshDirectory(t), 'data')
    writeFileSync(path, 'precious')
    t.match(await refusal({ kind: 'unix', path }), 'a file that is not a socket is there. Move the file away')
    t.ok(existsSync(path))
  })

  t.test('a missing directory is named', async t => {
    const directory = join(freshDirectory(t), 'missing')
    t.match(
      await refusal({ kind: 'unix', path: join(directory, 'x.sock') }),
      `the directory ${directory} does not exist`,
    )
  })

  t.test('an abstract name is bound as written', async t => {
    const name = `sluice-test-${process.pid}`
    const [listener] = await bind(t, [{ kind: 'unix', path: `\0${name}` }])
    await serve(t, listener!.fd(0))
    t.equal(String((await net.connect(`\0${name}`).toArray())[0]), 'hello')
    t.match(await refusal({ kind: 'unix', path: `\0${name}` }), `cannot listen on @${name}: it is in use`)
  })

  t.test('closing removes the path', async t => {
    const path = join(freshDirectory(t), 'x.sock')
    const [listener] = await bind(t, [{ kind: 'unix', path }])
    t.ok(existsSync(path))
    listener!.close()
    t.notOk(existsSync(path))
  })
})
