// test/gateway/sticky.test.ts: a cookie keeps a client at its node while that serves, and nobody can make one.
import { createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  joins,
  leaves,
  PLAIN_BALANCE,
  PLAIN_PICTURE,
  startGateway,
  type TestGateway,
} from '../support/gateway.ts'
import { startNamed } from '../support/named-nodes.ts'
import { connectRaw, type RawAnswer, readAnswer, request } from '../support/raw-client.ts'
import { startRawNode } from '../support/raw-node.ts'

t.jobs = 4

const STICKY = { balances: [{ ...PLAIN_BALANCE, sticky: 'route' }], stickySecret: '5a'.repeat(32) }

async function ask(
  t: Test,
  gateway: TestGateway,
  ...fields: string[]
): Promise<RawAnswer & { cookie: string }> {
  const client = await connectRaw(t, gateway, request('GET /', ...fields))
  const whole = await readAnswer(client)
  client.close()
  return { ...whole, cookie: /\r\nset-cookie: route=([^;\r]*)/i.exec(whole.head)?.[1] ?? '' }
}

const tokenOf = (name: string): string =>
  createHmac('sha256', Buffer.from(STICKY.stickySecret, 'hex'))
    .update(`a.test a.test ${name}`)
    .digest()
    .toString('base64url', 0, 16)

t.test('the first answer names the node, and the client stays there', async t => {
  const nodes = await startNamed(t, 'abc')
  const gateway = await startGateway(t, [], STICKY)
  await gateway.announce(joins('a.test', ...nodes.map(({ url }) => url)))
  const seen = new Set<string>()
  for (let i = 0; i < 3; i++) {
    const { body, cookie, head } = await ask(t, gateway)
    seen.add(body)
    t.match(head, `Set-Cookie: route=${cookie}; Path=/; HttpOnly; SameSite=Lax`)
    t.notMatch(head, 'Secure')
    t.equal(cookie, tokenOf(nodes.find(({ name }) => name === body)!.url))
    for (let k = 0; k < 4; k++) {
      const again = await ask(t, gateway, `Cookie: x=1; route=${cookie}`)
      t.match(again, { body, cookie: '' }, 'and the cookie is not sent again')
    }
  }
  t.equal(seen.size, 3)
})

t.test('a cookie of our own making does not help', async t => {
  const nodes = await startNamed(t, 'ab')
  const gateway = await startGateway(t, [], STICKY)
  await gateway.announce(joins('a.test', ...nodes.map(({ url }) => url)))
  for (const bad of ['a', '', `${'A'.repeat(22)}`, '__proto__', tokenOf('http://127.0.0.1:1'), '"'])
    t.not((await ask(t, gateway, `Cookie: route=${bad}`)).cookie, '', bad)
})

t.test('when its node is gone, or rests, the client gets another and its cookie', async t => {
  const nodes = await startNamed(t, 'ab')
  const gateway = await startGateway(t, [], STICKY)
  await gateway.announce(joins('a.test', ...nodes.map(({ url }) => url)))
  const first = await ask(t, gateway)
  const own = nodes.find(({ name }) => name === first.body)!
  await gateway.judge({ name: `a.test ${own.url}`, isWell: false })
  const second = await ask(t, gateway, `Cookie: route=${first.cookie}`)
  t.not(second.body, first.body)
  t.not(second.cookie, '')
  await gateway.judge({ name: `a.test ${own.url}`, isWell: true })
  t.equal((await ask(t, gateway, `Cookie: route=${first.cookie}`)).body, first.body)
  await gateway.announce(leaves('a.test', own.url))
  t.match(await ask(t, gateway, `Cookie: route=${first.cookie}`), {
    body: second.body,
    cookie: second.cookie,
  })
})

t.test('a dead node is retried elsewhere, and the cookie is that of the node which answered', async t => {
  const nodes = await startNamed(t, 'ab')
  const gateway = await startGateway(t, [], STICKY)
  await gateway.announce(joins('a.test', ...nodes.map(({ url }) => url)))
  const first = await ask(t, gateway)
  const [own, other] = first.body === 'a' ? nodes : [...nodes].reverse()
  await own!.node.stop()
  const second = await ask(t, gateway, `Cookie: route=${first.cookie}`)
  t.match(second, { body: other!.name, cookie: tokenOf(other!.url) })
})

t.test('the cookie is the same in every gateway with the same secret, and another with another', async t => {
  const nodes = await startNamed(t, 'ab')
  const keys = joins('a.test', ...nodes.map(({ url }) => url))
  const [one, two] = [await startGateway(t, [], STICKY), await startGateway(t, [], STICKY)]
  for (const gateway of [one, two]) await gateway.announce(keys)
  const { body, cookie } = await ask(t, one)
  for (let i = 0; i < 3; i++) t.match(await ask(t, two, `Cookie: route=${cookie}`), { body, cookie: '' })
  await two.apply({ stickySecret: PLAIN_PICTURE.stickySecret })
  t.not((await ask(t, two, `Cookie: route=${cookie}`)).cookie, '')
})

t.test('an application that sets this cookie itself has the last word; others stand beside ours', async t => {
  const [own] = await startNamed(t, 'a', 'Set-Cookie: route=gone; Max-Age=0')
  const [other] = await startNamed(t, 'b', 'Set-Cookie: route2=x')
  const gateway = await startGateway(t, [], STICKY)
  await gateway.announce(joins('a.test', own!.url), joins('b.test', other!.url))
  t.same([...(await ask(t, gateway)).head.matchAll(/route=[^;]*/g)].flat(), ['route=gone'])
  const both = await ask(t, gateway, 'Host: b.test')
  t.match(both.head, 'Set-Cookie: route2=x')
  t.match(both.cookie, /^[\w-]{22}$/)
})

t.test('a tunnel gets its cookie, too, and an answer without a length', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      const head = await connection.head()
      if (!head.includes('Upgrade')) await connection.send('HTTP/1.0 200 OK\r\n\r\nlong')
      else
        await connection.send(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
        )
      connection.finish()
    },
  })
  const gateway = await startGateway(t, [`http://${node.address}`], STICKY)
  const fields = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
  const tunnel = await connectRaw(t, gateway, request('GET /', ...fields, 'Sec-WebSocket-Version: 13'))
  t.match(await tunnel.head(), /^HTTP\/1.1 101 .*\r\nSet-Cookie: route=[\w-]{22};/s)
  t.match(await ask(t, gateway), { body: 'long', cookie: /^[\w-]{22}$/ })
})
