// test/master/sockets/sockets-reload.test.ts: what a reload keeps, opens, closes and refuses, and what undoing it leaves.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { StartRefused } from '../../../master/refused.ts'
import { ownInode } from '../../../master/sockets/proc-net.ts'
import type { SocketRights } from '../../../master/sockets/socket-rights.ts'
import {
  type BindOptions,
  type BindRequest,
  type BindTarget,
  type BoundListener,
  bindAll,
  type Rebound,
  rebind,
} from '../../../master/sockets/sockets.ts'
import { freshDirectory } from '../../support/sluice.ts'

const ONCE = { copies: 1, isShared: false }
const PLACE = { file: 'x.ini', line: 7 }
const NOBODY = 65_534

function request(target: BindTarget, line = PLACE.line): BindRequest {
  const host = target.kind === 'tcp' && target.host.includes(':') ? `[${target.host}]` : ''
  const name =
    target.kind === 'tcp' ? `${host || target.host}:${target.port}` : target.path.replace('\0', '@')
  return { name, place: { ...PLACE, line }, target, inherited: null }
}

function local(port: number): BindTarget {
  return { kind: 'tcp', host: '127.0.0.1', port }
}

async function start(
  t: Test,
  targets: readonly BindTarget[],
  options: BindOptions = ONCE,
): Promise<BoundListener[]> {
  const requests = targets.map(target => request(target))
  return closeAfter(t, await bindAll(requests, options))
}

async function reload(
  t: Test,
  held: readonly BoundListener[],
  targets: readonly BindTarget[],
  options: BindOptions = ONCE,
): Promise<Rebound> {
  const requests = targets.map(target => request(target))
  const rebound = await rebind(held, requests, options)
  closeAfter(t, rebound.bound)
  return rebound
}

async function refusal(held: readonly BoundListener[], targets: readonly BindTarget[]): Promise<string> {
  const requests = targets.map(target => request(target))
  return rebind(held, requests, ONCE).then(
    () => 'not refused',
    (error: StartRefused) => error.message,
  )
}

function closeAfter<L extends readonly BoundListener[]>(t: Test, bound: L): L {
  t.teardown(() => bound.map(listener => listener.close()))
  return bound
}

/** A process that listens on the descriptor and answers with a word, as a gateway would. @returns what ends it */
async function serve(t: Test, fd: number, word = 'hello'): Promise<() => Promise<unknown>> {
  const program = `require('net').createServer(socket => socket.end('${word}')).listen({ fd: 3 }, () => console.log('up'))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit', fd] })
  const end = async () => {
    if (child.kill('SIGKILL')) await once(child, 'exit')
  }
  t.teardown(end)
  await once(child.stdout!, 'data')
  return end
}

async function answer(where: net.NetConnectOpts): Promise<string> {
  return String((await net.connect(where).toArray())[0])
}

/** @returns whether its first socket is still what it was */
function watch(listener: BoundListener): () => boolean {
  const fd = listener.fd(0)
  const inode = ownInode(fd)
  return () => ownInode(fd) === inode
}

t.test('an address that stays keeps its socket, whatever its line is now', async t => {
  const held = await start(t, [local(0)])
  const rebound = await rebind(held, [request(held[0]!.request.target, 12)], ONCE)
  t.equal(rebound.bound[0], held[0])
  t.equal(held[0]!.request.place.line, 7, 'not before the reload is sure')
  rebound.commit()
  t.equal(held[0]!.request.place.line, 12)
})

t.test('connections that were made before the reload are served after it', async t => {
  const held = await start(t, [local(0)])
  const { port } = held[0]!
  const end = await serve(t, held[0]!.fd(0))
  await end() // nobody accepts, and the socket listens on
  const early = answer({ port, host: '127.0.0.1' })
  const rebound = await reload(t, held, [local(0), local(0)])
  rebound.commit()
  await serve(t, rebound.bound[0]!.fd(0), 'successor')
  t.equal(await early, 'successor')
})

t.test('what is new is bound, and what is gone is closed by commit only', async t => {
  const held = await start(t, [local(0), local(0)])
  const [isFirstOpen, isSecondOpen] = held.map(watch)
  const rebound = await reload(t, held, [local(0)])
  t.equal(rebound.bound[0], held[0], 'listeners on port 0 are told apart by their order')
  t.ok(isSecondOpen!())
  rebound.commit()
  t.notOk(isSecondOpen!())
  t.ok(isFirstOpen!())
})

t.test('a port that the kernel chose may be written out later', async t => {
  const held = await start(t, [local(0)])
  const rebound = await reload(t, held, [local(held[0]!.port)])
  t.equal(rebound.bound[0], held[0])
})

t.test('undo closes what is new and nothing else', async t => {
  const path = join(freshDirectory(t), 'x.sock')
  const held = await start(t, [local(0)])
  const rebound = await reload(t, held, [local(0), local(0), { kind: 'unix', path }])
  const [isKeptOpen, isNewOpen] = rebound.bound.map(watch)
  t.ok(existsSync(path))
  rebound.undo()
  t.notOk(isNewOpen!())
  t.notOk(existsSync(path))
  t.ok(isKeptOpen!())
})

t.test('one request that fails undoes the others, and every problem is told', async t => {
  const path = join(freshDirectory(t), 'x.sock')
  const held = await start(t, [local(0)])
  const bad: BindTarget[] = [1, 2].map(port => ({ kind: 'tcp', host: '203.0.113.9', port }))
  const text = await refusal(held, [{ kind: 'unix', path }, ...bad])
  t.equal(text.split('\n').length, 2)
  t.notOk(existsSync(path))
  await serve(t, held[0]!.fd(0))
  t.equal(await answer({ port: held[0]!.port, host: '127.0.0.1' }), 'hello')
})

t.test('an address of the same port that is still held needs a restart', async t => {
  const held = await start(t, [local(0)])
  const { port } = held[0]!
  const text = await refusal(held, [{ kind: 'tcp', host: '0.0.0.0', port }])
  t.match(text, `x.ini:7: cannot listen on 0.0.0.0:${port}: Sluice itself holds the port for 127.0.0.1:`)
  t.match(text, 'Restart Sluice for this change.')
})

t.test('IPv4 and [::] on one port', async t => {
  const any = (host: string, port: number): BindTarget => ({ kind: 'tcp', host, port })

  t.test('IPv4 cannot be put beside a [::] that takes it already', async t => {
    const held = await start(t, [any('::', 0)])
    const { port } = held[0]!
    const text = await refusal(held, [any('::', port), any('0.0.0.0', port)])
    t.match(text, `cannot listen on 0.0.0.0:${port}: Sluice itself holds the port for [::]:`)
    t.equal(text.split('\n').length, 1)
  })

  t.test('[::] cannot take IPv4 once it was bound without', async t => {
    const [first] = await start(t, [any('0.0.0.0', 0)])
    const { port } = first!
    first!.close()
    const held = await start(t, [any('0.0.0.0', port), any('::', port)])
    t.match(await refusal(held, [any('::', port)]), `[::]:${port} was bound for IPv6 alone`)
    t.same((await reload(t, held, [any('0.0.0.0', port), any('::', port)])).bound, held)
  })
})

t.test('a socket for each gateway', async t => {
  t.test('more gateways get more sockets on the same port', async t => {
    const held = await start(t, [local(0)], { copies: 2, isShared: false })
    const rebound = await reload(t, held, [local(0)], { copies: 3, isShared: false })
    const [now] = rebound.bound
    t.equal(now!.port, held[0]!.port)
    t.same(
      [0, 1].map(i => now!.fd(i)),
      [0, 1].map(i => held[0]!.fd(i)),
    )
    t.equal(new Set([0, 1, 2].map(i => now!.fd(i))).size, 3)
    rebound.undo()
    t.equal(held[0]!.fd(2), held[0]!.fd(0), 'what was held is as before')
  })

  for (const [gateways, sockets] of [
    [3, 8],
    [6, 8],
    [4, 8],
    [1, 5],
  ] as const) {
    t.test(`${gateways} gateways serve the ${sockets} sockets of those before them`, async t => {
      const held = await start(t, [local(0)], { copies: sockets, isShared: false })
      const { bound } = await reload(t, held, [local(0)], { copies: 1, isShared: false, gateways })
      const perGateway = Array.from({ length: gateways }, (_, i) => {
        return [bound[0]!, ...bound[0]!.more].map(listener => listener.fd(i))
      })
      t.equal(new Set(perGateway.flat()).size, sockets, 'all of them')
      for (const fds of perGateway) t.equal(new Set(fds).size, fds.length, 'none twice in one gateway')
      const again = await reload(t, bound, [local(0)], { copies: 1, isShared: false, gateways })
      t.equal(again.bound[0], bound[0])
    })
  }

  t.test('a socket that was bound for itself alone is shared on, with a warning', async t => {
    const held = await start(t, [local(0)])
    const rebound = await reload(t, held, [local(0)], { copies: 5, isShared: false })
    t.equal(rebound.bound[0]!.fd(4), held[0]!.fd(0))
    t.match(
      rebound.warnings[0]?.problem,
      'the gateways go on sharing the one socket of 127.0.0.1:0: it was bound for itself alone',
    )
  })
})

t.test('UNIX sockets', async t => {
  const unix = (path: string): BindTarget => ({ kind: 'unix', path })

  t.test('one whose file was removed is bound anew; the old one serves until commit', async t => {
    const path = join(freshDirectory(t), 'x.sock')
    const held = await start(t, [unix(path)])
    unlinkSync(path)
    const rebound = await reload(t, held, [unix(path)])
    t.not(rebound.bound[0], held[0])
    await serve(t, rebound.bound[0]!.fd(0), 'new')
    rebound.commit()
    t.equal(await answer({ path }), 'new', 'closing the old one left the path alone')
  })

  t.test('one whose file was replaced by a dead socket is bound anew', async t => {
    const path = join(freshDirectory(t), 'x.sock')
    const held = await start(t, [unix(path)])
    unlinkSync(path)
    const code = `new (require('net').BoundSocket)({ path: ${JSON.stringify(path)} }); process.kill(process.pid, 'SIGKILL')`
    spawnSync(process.execPath, ['-e', code])
    const rebound = await reload(t, held, [unix(path)])
    await serve(t, rebound.bound[0]!.fd(0), 'new')
    rebound.commit()
    t.equal(await answer({ path }), 'new')
  })

  t.test('one whose path is a file of somebody else by now is refused, and the file stays', async t => {
    const path = join(freshDirectory(t), 'x.sock')
    const held = await start(t, [unix(path)])
    unlinkSync(path)
    writeFileSync(path, 'precious')
    t.match(await refusal(held, [unix(path)]), 'a file that is not a socket is there')
    held[0]!.close()
    t.ok(existsSync(path))
  })

  t.test('undo removes the path of a new one, and not that of a held one', async t => {
    const directory = freshDirectory(t)
    const [a, b] = [join(directory, 'a.sock'), join(directory, 'b.sock')]
    const held = await start(t, [unix(a)])
    const rebound = await reload(t, held, [unix(a), unix(b)])
    rebound.undo()
    t.ok(existsSync(a))
    t.notOk(existsSync(b))
  })

  t.test('an abstract name is kept', async t => {
    const target = unix(`\0sluice-test-reload-${process.pid}`)
    const held = await start(t, [target])
    t.equal((await reload(t, held, [target])).bound[0], held[0])
  })
})

t.test('mode and owner of UNIX sockets', async t => {
  const rights = (changes: Partial<SocketRights>): BindOptions => {
    const places = { mode: { file: 'x.ini', line: 3 }, owner: { file: 'x.ini', line: 4 } }
    return { ...ONCE, rights: { mode: null, uid: null, gid: null, places, ...changes } }
  }
  const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8)

  t.test('without the options the umask decides', async t => {
    const path = join(freshDirectory(t), 'x.sock')
    const before = process.umask(0o027)
    t.teardown(() => process.umask(before))
    await start(t, [{ kind: 'unix', path }], rights({}))
    t.equal(modeOf(path), '750')
  })

  t.test('they are given at the start, changed by a reload, and given back by undo', async t => {
    const path = join(freshDirectory(t), 'x.sock')
    const target: BindTarget = { kind: 'unix', path }
    const held = await start(t, [target], rights({ mode: 0o660, uid: NOBODY }))
    t.equal(modeOf(path), '660')
    t.same([lstatSync(path).uid, lstatSync(path).gid], [NOBODY, process.getgid!()])
    const rebound = await reload(t, held, [target], rights({ mode: 0o606, gid: NOBODY }))
    t.equal(rebound.bound[0], held[0])
    t.equal(modeOf(path), '606')
    t.same([lstatSync(path).uid, lstatSync(path).gid], [process.getuid!(), NOBODY])
    rebound.undo()
    t.equal(modeOf(path), '660')
    t.same([lstatSync(path).uid, lstatSync(path).gid], [NOBODY, process.getgid!()])
  })

  t.test('abstract names have none', async t => {
    const target: BindTarget = { kind: 'unix', path: `\0sluice-test-rights-${process.pid}` }
    t.equal((await start(t, [target], rights({ mode: 0o600, uid: NOBODY }))).length, 1)
  })
})

// Another process that gives root up between start and reload, as the master does.
t.test('after root was given up', async t => {
  const directory = freshDirectory(t)
  chmodSync(directory, 0o755)
  const places = { mode: { file: 'x.ini', line: 3 }, owner: { file: 'x.ini', line: 4 } }
  const problemsOf = (before: readonly BindRequest[], after: readonly BindRequest[], rights: object) => {
    const program = `
      import { bindAll, rebind } from ${JSON.stringify(new URL('../../../master/sockets/sockets.ts', import.meta.url).href)}
      const held = await bindAll(${JSON.stringify(before)}, { copies: 1, isShared: false })
      process.setgid(${NOBODY})
      process.setuid(${NOBODY})
      const options = { copies: 1, isShared: false, rights: ${JSON.stringify({ mode: null, uid: null, gid: null, places, ...rights })} }
      await rebind(held, ${JSON.stringify(after)}, options).catch(error => console.log(error.message))`
    const node = [process.execPath, '--input-type=module', '-e', program]
    const { stdout, stderr } = spawnSync('/usr/bin/unshare', ['-n', ...node], { encoding: 'utf8' })
    return stdout || stderr || 'no problem'
  }
  const unix = (name: string) => request({ kind: 'unix', path: join(directory, name) })

  t.test('a port below 1024 is refused with what helps', async t => {
    const privileged = request({ kind: 'tcp', host: '0.0.0.0', port: 443 })
    const text = problemsOf([], [privileged], {})
    t.match(text, 'x.ini:7: cannot listen on 0.0.0.0:443: only root may bind ports below 1024, and Sluice')
    t.match(text, 'gave that right up. Restart it, or give it the CAP_NET_BIND_SERVICE capability')
    t.equal(problemsOf([privileged], [privileged], {}), 'no problem', 'one that is held stays')
  })

  t.test('a UNIX path in a directory that is not ours any more is refused', async t => {
    t.match(
      problemsOf([], [unix('a.sock')], {}),
      `user ${NOBODY} may not make or replace files in ${directory}, and Sluice gave the rights of root up. Restart it`,
    )
  })

  t.test('rights that only root can change are refused at their line', async t => {
    t.match(
      problemsOf([unix('b.sock')], [unix('b.sock')], { mode: 0o600 }),
      `x.ini:3: cannot change the mode of ${directory}/b.sock: only root and its owner may do that, and Sluice gave that right up. Restart it.`,
    )
    const owner = problemsOf([unix('c.sock')], [unix('c.sock')], { uid: NOBODY })
    t.match(owner, 'x.ini:4: cannot change the owner of')
  })

  t.test('a path that is ours to write works', async t => {
    mkdirSync(join(directory, 'own'))
    chownSync(join(directory, 'own'), NOBODY, NOBODY)
    t.equal(problemsOf([], [unix('own/x.sock')], { mode: 0o600 }), 'no problem')
  })
})
