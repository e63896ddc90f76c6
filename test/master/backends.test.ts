// test/master/backends.test.ts: each host has nodes of its own, from the ini file to the answer.
import t from 'tap'
import { CONTROL, reloadWith, statusOf } from '../support/control.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, type RawAnswer, readAnswer, request } from '../support/raw-client.ts'
import { type RawNode, startRawNode } from '../support/raw-node.ts'
import { type Sluice, startSluice } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

/** A node that answers with its name. */
function named(t: Test, name: string): Promise<RawNode> {
  return startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send(answer(name))
      }
    },
  })
}

async function ask(t: Test, sluice: Sluice, host: string, from = '127.0.0.1'): Promise<RawAnswer> {
  const client = await connectRaw(
    t,
    { port: Number(new URL(sluice.url).port), from },
    request('GET /', `Host: ${host}`),
  )
  const said = await readAnswer(client)
  client.socket.destroy()
  return said
}

async function countsOf(sluice: Sluice): Promise<string> {
  const { nodes } = await statusOf(sluice)
  return nodes.map(({ name, requests }) => `${name} ${requests}`).join()
}

t.test('a request goes to the backend of its host', async t => {
  const [shop, secure, other] = [await named(t, 'shop'), await named(t, 'secure'), await named(t, 'other')]
  const sluice = await startSluice(t, {
    ini: `http = 127.0.0.1:0
backend = key=Shop.example,address=http://${shop.address}
backend = key=shop.example:8443,address=http://${secure.address}
http-to = http://${other.address}
`,
  })
  for (const [host, body] of [
    ['shop.example', 'shop'],
    ['SHOP.Example', 'shop'],
    ['shop.example:80', 'shop'],
    ['shop.example:8443', 'secure'],
    ['www.shop.example', 'other'],
    ['127.0.0.1', 'other'],
  ] as const) {
    t.equal((await ask(t, sluice, host)).body, body, host)
  }
  t.match(sluice.stdout(), /2 hosts to their backends, others to http:/)
})

t.test('a host that nobody serves gets 404', async t => {
  const shop = await named(t, 'shop')
  const sluice = await startSluice(t, {
    ini: `http = 127.0.0.1:0\nbackend = key=shop.example,address=http://${shop.address}\n`,
  })
  t.equal((await ask(t, sluice, 'else.example')).status, 404)
  t.equal((await ask(t, sluice, 'shop.example')).status, 200)
})

t.test('nodes of a key share its requests by weight; each is counted by itself', async t => {
  const [a, b] = [await named(t, 'a'), await named(t, 'b')]
  const sluice = await startSluice(t, {
    ini: `${CONTROL}http = 127.0.0.1:0
http-processes = 1
backend = key=one.example,address=http://${a.address},weight=3
backend = key=one.example,address=http://${b.address}
backend = key=two.example,address=http://${a.address}
`,
  })
  const bodies: string[] = []
  for (let i = 0; i < 8; i++) bodies.push((await ask(t, sluice, 'one.example')).body)
  t.equal(bodies.filter(body => body === 'a').length, 6)
  await ask(t, sluice, 'two.example')
  const counted = [
    `one.example http://${a.address} 6`,
    `one.example http://${b.address} 2`,
    `two.example http://${a.address} 1`,
  ].join()
  await until('all are counted', async () => (await countsOf(sluice)) === counted)
})

t.test('a reload gives a host other nodes', async t => {
  const [a, b] = [await named(t, 'a'), await named(t, 'b')]
  const sluice = await startSluice(t, {
    ini: `${CONTROL}http = 127.0.0.1:0\nbackend = key=one.example,address=http://${a.address}\n`,
  })
  t.equal((await ask(t, sluice, 'one.example')).body, 'a')
  const report = await reloadWith(
    sluice,
    `http = 127.0.0.1:0\nbackend = key=one.example,address=http://${b.address}\n`,
  )
  t.equal(report.kind, 'in place')
  t.equal((await ask(t, sluice, 'one.example')).body, 'b')
  t.equal(await countsOf(sluice), `one.example http://${b.address} 0`)
})

t.test('a uwsgi node is told the modifiers of its line, those of the newest config', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      const { modifier1, modifier2 } = await connection.packet()
      await connection.send(answer(`${modifier1} ${modifier2}`))
    },
  })
  const ini = (words: string) => `http = 127.0.0.1:0
backend = key=php.example,address=${node.address},modifier1=${words}
backend = key=plain.example,address=${node.address}
`
  const sluice = await startSluice(t, { ini: CONTROL + ini('14,modifier2=1') })
  t.equal((await ask(t, sluice, 'php.example')).body, '14 1')
  t.equal((await ask(t, sluice, 'plain.example')).body, '0 0')
  t.match(await reloadWith(sluice, ini('9')), { kind: 'in place' })
  await until('the gateways know', async () => (await ask(t, sluice, 'php.example')).body === '9 0')
})

t.test('a rule gives clients nodes by their address, which no key can name', async t => {
  const [ours, other] = [await named(t, 'ours'), await named(t, 'other')]
  const sluice = await startSluice(t, {
    ini: `http = 127.0.0.1:0
backend = key=ours,address=http://${ours.address}
http-to = http://${other.address}
route-if = ipv4in:\${REMOTE_ADDR};127.0.0.1/32 key:ours
`,
  })
  t.equal((await ask(t, sluice, 'any.example')).body, 'ours')
  t.equal((await ask(t, sluice, 'any.example', '127.0.0.2')).body, 'other')
})
