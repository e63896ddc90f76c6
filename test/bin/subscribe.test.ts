// test/bin/subscribe.test.ts: `sluice subscribe` announces a service while it is well, and lets it leave in peace.
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { checkSignature } from '../../subscription/signature/check.ts'
import { listen } from '../subscription/client/listener.ts'
import { ecPair } from '../subscription/signature/keys.ts'
import { freePort } from '../support/ports.ts'
import { childrenOf, isAlive, until } from '../support/processes.ts'
import { runSluice } from '../support/sluice.ts'
import { type Test, temporaryDirectory } from '../support/tmp.ts'
import { serviceOn, subscriber } from './subscriber.ts'

t.jobs = 3 // mostly waiting

const QUICK = ['--interval', '0.05', '--timeout', '10']

t.test('a command is started, announced once it serves, and leaves before it ends', async t => {
  const router = await listen(t)
  const port = await freePort()
  const to = `127.0.0.1:${router.port}`
  const words = ['--to', to, '--key', 'Shop.example', '--address', `http://127.0.0.1:${port}`]
  const figures = ['--weight', '3', '--backup', '1', '--modifier1', '9']
  const one = subscriber(t, [...words, ...figures, ...QUICK, '--', ...serviceOn(port)])
  await router.count(1)
  await one.said(/^serves$/m) // its check passes only once it listens; what it says of that comes by another way
  t.match(router.packets()[0], {
    announcement: {
      command: 'subscribe',
      key: 'Shop.example',
      address: `127.0.0.1:${port}`,
      proto: 'http',
      weight: 3,
      backup: 1,
      modifier1: 9,
    },
    signature: null,
  })
  t.match(one.stderr(), `announces Shop.example at http://127.0.0.1:${port} to ${to}\n`)

  const answer = fetch(`http://127.0.0.1:${port}/slow`)
  await one.said(/^slow$/m)
  one.kill('SIGTERM')
  await router.hears('unsubscribe Shop.example')
  const [command] = childrenOf(one.pid)
  await router.count(router.heard().indexOf('unsubscribe Shop.example') + 3)
  t.ok(isAlive(command!), 'what it has in hand goes on')
  process.kill(command!, 'SIGUSR2')
  t.equal(await (await answer).text(), 'slow')
  t.same(await one.ended, { code: 143, signal: null }, 'and TERM ended it then')
  t.equal(router.heard().filter(each => each.startsWith('unsub')).length, 3, 'as UDP may lose one')
})

for (const [how, script, code] of [
  ['with an exit code', 'setTimeout(() => process.exit(7), 300)', 7],
  ['by a signal', "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)", 137],
] as const) {
  t.test(`a command that ends ${how} leaves, and its exit is ours`, async t => {
    const router = await listen(t)
    const service = await serve(t, (_, answer) => answer.end())
    const words = ['--to', `127.0.0.1:${router.port}`, '--key', 'a.example', '--address', `http://${service}`]
    const one = subscriber(t, [...words, ...QUICK, '--', process.execPath, '-e', script])
    await router.hears('subscribe a.example')
    t.same(await one.ended, { code, signal: null })
    t.equal(router.heard().filter(each => each === 'unsubscribe a.example').length, 3)
    t.match(one.stderr(), /the command ended \((exit code 7|SIGKILL)\): nothing is announced any more/)
  })
}

t.test('a service whose check fails leaves, says so once, and comes back', async t => {
  const router = await listen(t)
  let status = 200
  let asked = 0
  const hosts = new Set<string | undefined>()
  const address = await serve(t, ({ url, headers }, answer) => {
    if (url === '/health') asked++
    hosts.add(headers.host)
    answer.writeHead(status).end('x'.repeat(100_000))
  })
  const words = ['--to', `127.0.0.1:${router.port}`, '--key', 'a.example', '--key', 'b.example/cart']
  const check = ['--check', 'http:/health', '--fall', '2']
  const one = subscriber(t, [...words, '--address', `http://${address}`, ...check, ...QUICK])
  await router.hears('subscribe b.example/cart')
  status = 503
  await router.hears('unsubscribe b.example/cart')
  const left = router.datagrams.length
  const askedThen = asked
  await until('it is asked on', () => asked > askedThen + 4)
  status = 302
  await router.hears('subscribe a.example', left)
  t.equal(one.stderr().match(/the check fails/g)?.length, 1)
  t.match(one.stderr(), 'the check fails: it answers 503: it has left until it is well\n')
  t.same([...hosts], ['a.example'])
  one.kill('SIGINT')
  t.same(await one.ended, { code: 0, signal: null }, 'without a command there is nothing to wait for')
})

t.test('a service that does not come up is told once and announced when it does', async t => {
  const router = await listen(t)
  const path = join(temporaryDirectory(t), 'app.sock')
  const words = ['--to', `127.0.0.1:${router.port}`, '--key', 'a.example', '--address', path]
  const one = subscriber(t, [...words, ...QUICK])
  await one.said(/the check fails: .*ENOENT.*: it is announced as soon as it is well\n/)
  t.equal(router.datagrams.length, 0)
  const server = net.createServer(socket => socket.destroy()).listen(path)
  t.teardown(() => server.close())
  await router.count(1)
  t.match(router.packets()[0]?.announcement, { address: path, proto: null })
})

t.test('each packet is signed when asked for', async t => {
  const router = await listen(t)
  const pair = ecPair()
  const file = join(temporaryDirectory(t), 'key.pem')
  writeFileSync(file, pair.privatePem)
  const words = ['--to', `127.0.0.1:${router.port}`, '--key', 'a.example', '--address', ':3000']
  const one = subscriber(t, [...words, '--check', 'none', '--sign', `SHA256:${file}`])
  await router.count(2) // the second a second later
  one.kill('SIGTERM')
  await router.count(5)
  await one.ended
  const key = createPublicKey(pair.publicPem)
  const seconds = router.packets().map(({ signature }) => {
    t.equal(checkSignature(signature!, key, ['sha256']), 'sha256')
    return signature!.unix
  })
  t.same(seconds, [...new Set(seconds)].toSorted(), 'each says a later second, so that each is taken')
  t.equal(router.packets()[0]?.announcement.address, ':3000')
})

t.test('what is in hand is waited for until the limit, and no longer', async t => {
  const { one, router, port } = await announced(t, ['--drain', '0.7'])
  const hanging = net.connect(port, '127.0.0.1')
  hanging.on('error', () => {})
  await once(hanging, 'connect')
  one.kill('SIGTERM')
  t.same(await one.ended, { code: 143, signal: null })
  t.match(one.stderr(), 'the wait is over, and 1 connection is still open\n')
  t.ok(router.heard().includes('unsubscribe a.example'))
})

t.test('a second TERM does not wait', async t => {
  const { one, port } = await announced(t, ['--drain', '600'])
  const hanging = net.connect(port, '127.0.0.1')
  hanging.on('error', () => {})
  await once(hanging, 'connect')
  one.kill('SIGTERM')
  await one.said(/leaves, and waits up to 600 s/)
  one.kill('SIGTERM')
  t.same(await one.ended, { code: 143, signal: null })
})

t.test('a command that does not heed TERM is killed, with what it started', async t => {
  const script = `
    process.on('SIGTERM', () => {})
    const child = require('child_process').spawn('sleep', ['600'])
    console.error('child ' + child.pid)
    setInterval(() => {}, 1000)`
  const router = await listen(t)
  const words = ['--to', `127.0.0.1:${router.port}`, '--key', 'a.example', '--address', ':3000']
  const limits = ['--check', 'none', '--drain', '0', '--mercy', '0.2']
  const one = subscriber(t, [...words, ...limits, '--', process.execPath, '-e', script])
  await one.said(/child \d+/)
  one.kill('SIGTERM')
  t.same(await one.ended, { code: 137, signal: null })
  const child = Number(/child (\d+)/.exec(one.stderr())![1])
  await until('its child is gone', () => !isAlive(child))
})

t.test('what a command leaves behind when it ends is ended', async t => {
  const script = `
    const child = require('child_process').spawn('sleep', ['600'], { stdio: 'ignore' })
    console.error('child ' + child.pid)
    process.exit(3)`
  const words = ['--to', '127.0.0.1:9', '--key', 'a.example', '--address', ':3000', '--check', 'none']
  const one = subscriber(t, [...words, '--', process.execPath, '-e', script])
  t.match(await one.ended, { code: 3 })
  const child = Number(/child (\d+)/.exec(one.stderr())![1])
  await until('its child is gone', () => !isAlive(child))
})

t.test('an address that the router cannot reach is warned of', async t => {
  const words = ['--key', 'a.example', '--address', '127.0.0.1:1', '--', 'true']
  const far = subscriber(t, ['--to', '[100::1]:4040', ...words])
  await far.ended
  t.match(
    far.stderr(),
    'warning: a router at 100::1 cannot connect to an address that only this machine knows. Write --address :1, or',
  )
  const near = subscriber(t, ['--to', '127.0.0.1:9', ...words])
  await near.ended
  t.notMatch(near.stderr(), 'warning')
})

t.test('HUP is for the command', async t => {
  const { one } = await announced(t, [])
  one.kill('SIGHUP')
  await one.said(/^reloads$/m)
})

t.test('a command that cannot be started is told as shells tell it', async t => {
  const words = ['--to', '127.0.0.1:9', '--key', 'a.example', '--address', ':3000', '--check', 'none']
  const missing = subscriber(t, [...words, '--', 'no-such-command-here'])
  t.match(await missing.ended, { code: 127 })
  t.match(missing.stderr(), 'the command ended (there is no such command)')
  const file = join(temporaryDirectory(t), 'not-executable')
  writeFileSync(file, '')
  const barred = subscriber(t, [...words, '--', file])
  t.match(await barred.ended, { code: 126 })
})

t.test('what is wrong is told in a line', async t => {
  const { code, stderr, stdout } = await runSluice(t, { words: ['subscribe', '--address', ':1'] })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.equal(stderr, 'sluice subscribe: --to is missing. Name the router: --to 10.0.0.1:4040.\n')
})

t.test('a request in hand on a UNIX socket is waited for, and no longer', async t => {
  const router = await listen(t)
  const path = join(temporaryDirectory(t), 'app.sock')
  const words = ['--to', `127.0.0.1:${router.port}`, '--key', 'a.example', '--address', `http://${path}`]
  const one = subscriber(t, [...words, ...QUICK, '--drain', '600', '--', ...serviceOn(path)])
  await router.hears('subscribe a.example')
  const answer = once(http.get({ socketPath: path, path: '/slow' }), 'response')
  await one.said(/^slow$/m)
  one.kill('SIGTERM')
  await router.count(router.datagrams.length + 3)
  const [command] = childrenOf(one.pid)
  t.ok(isAlive(command!), 'what it has in hand goes on')
  process.kill(command!, 'SIGUSR2')
  const [{ statusCode }] = await answer
  t.equal(statusCode, 200)
  t.same(await one.ended, { code: 143, signal: null })
})

t.test('what was never announced has nothing in hand', async t => {
  const router = await listen(t)
  const words = ['--to', `127.0.0.1:${router.port}`, '--key', 'a.example', '--address', '127.0.0.1:1']
  const script = `console.error('runs'); setInterval(() => {}, 1000)`
  const one = subscriber(t, [...words, '--drain', '600', '--', process.execPath, '-e', script])
  await one.said(/^runs$/m)
  one.kill('SIGTERM')
  t.match(await one.ended, { code: 143 })
  t.equal(router.datagrams.length, 0)
})

t.test('--help says how', async t => {
  const { code, stdout, stderr } = await runSluice(t, { words: ['subscribe', '--help'] })
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(stdout, /^Usage: sluice subscribe --to HOST:PORT/)
  t.ok(stdout.split('\n').every(line => line.length <= 120))
})

async function announced(t: Test, more: readonly string[]) {
  const router = await listen(t)
  const port = await freePort()
  const words = [
    '--to',
    `127.0.0.1:${router.port}`,
    '--key',
    'a.example',
    '--address',
    `http://127.0.0.1:${port}`,
  ]
  const one = subscriber(t, [...words, ...QUICK, ...more, '--', ...serviceOn(port)])
  await router.hears('subscribe a.example')
  return { one, router, port }
}

async function serve(t: Test, handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
