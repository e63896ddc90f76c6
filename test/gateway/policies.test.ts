// test/gateway/policies.test.ts: each way to balance picks in a running gateway as it does on paper.
import t, { type Test } from 'tap'
import type { BalancePicture, HashOn, KeyPicture } from '../../base/picture.ts'
import { GOLDEN, type Golden } from '../routing/balance/golden.ts'
import { joins, PLAIN_BALANCE, startGateway, type TestGateway } from '../support/gateway.ts'
import { startHolding, startNamed } from '../support/named-nodes.ts'
import { until } from '../support/processes.ts'
import { connectRaw, readAnswer, request } from '../support/raw-client.ts'

t.jobs = 4

const TRUSTING = { trustedProxies: ['127.0.0.1/32'] }

function announced(one: Golden, urls: readonly string[]): KeyPicture {
  const key = joins('a.test', ...urls)
  const nodes = key.nodes.map((node, i) => {
    const name = one.announce_order[i]!
    return { ...node, weight: one.weights[name]!, backup: one.backup_levels?.[name] ?? 0 }
  })
  return { ...key, algo: one.algorithm, nodes }
}

async function picksOf(
  t: Test,
  gateway: TestGateway,
  addresses: readonly string[],
  count: number,
): Promise<string> {
  const client = await connectRaw(t, gateway)
  let seen = ''
  for (let i = 0; i < count; i++) {
    await client.send(request('GET /', `X-Forwarded-For: ${addresses[i] ?? '10.0.0.1'}`))
    seen += (await readAnswer(client)).body
  }
  return seen
}

for (const one of GOLDEN.filter(({ mode }) => mode === 'one request at a time')) {
  t.test(`${one.name}: ${one.picks}`, async t => {
    const nodes = await startNamed(t, one.announce_order)
    const gateway = await startGateway(t, [], { ...TRUSTING, policy: 'wrr' })
    await gateway.announce(
      announced(
        one,
        nodes.map(({ url }) => url),
      ),
    )
    t.equal(await picksOf(t, gateway, one.client_addresses ?? [], one.picks.length), one.picks)
  })
}

for (const one of GOLDEN.filter(({ mode }) => mode === 'requests never end')) {
  t.test(`${one.name}: ${one.picks}`, async t => {
    const { nodes, held } = await startHolding(t, one.announce_order)
    const gateway = await startGateway(t, [], { ...TRUSTING, policy: 'wrr' })
    await gateway.announce(
      announced(
        one,
        nodes.map(({ url }) => url),
      ),
    )
    for (let i = 0; i < one.picks.length; i++) {
      await connectRaw(t, gateway, request('GET /'))
      await until('a node has it', () => held.length === i + 1)
    }
    t.equal(held.map(({ name }) => name).join(''), one.picks)
  })
}

t.test('the line of a key, the packet, the default: in this order', async t => {
  const nodes = await startNamed(t, 'ab')
  const urls = nodes.map(({ url }) => url)
  const line: BalancePicture = { ...PLAIN_BALANCE, key: 'a.test' }
  const gateway = await startGateway(t, [], { ...TRUSTING, policy: 'iphash' })
  const runs = async (): Promise<boolean> => /^(a+|b+)$/.test(await picksOf(t, gateway, [], 8))
  await gateway.announce(joins('a.test', ...urls))
  t.ok(await runs(), 'the default')
  await gateway.announce({ ...joins('a.test'), algo: 'wrr' })
  t.notOk(await runs(), 'what the packet says')
  await gateway.apply({ balances: [{ ...line, policy: 'iphash' }] })
  t.ok(await runs(), 'what the config says of the key')
  await gateway.apply({ balances: [line] })
  t.notOk(await runs(), 'a line without a policy')
  await gateway.apply({ balances: [{ ...line, key: '*', policy: 'iphash' }] })
  t.ok(await runs(), 'a line for all')
})

for (const [on, vary] of [
  [{ kind: 'address' }, i => ['/', `X-Forwarded-For: 10.0.0.${i}`]],
  [{ kind: 'cookie', name: 'user' }, i => ['/', `Cookie: a=user=1; user=${i}; user=x`]],
  [{ kind: 'header', name: 'x-user' }, i => ['/', `X-User: ${i}`]],
  [{ kind: 'path' }, i => [`/${i}?q`, 'A: b']],
  [{ kind: 'variable', name: 'QUERY_STRING' }, i => [`/?${i}`, 'A: b']],
] satisfies [HashOn, (i: number) => [string, string]][]) {
  t.test(`hash by ${on.kind}: the same text always leads to the same node, others to others`, async t => {
    const nodes = await startNamed(t, 'abc')
    const balances = [{ ...PLAIN_BALANCE, policy: 'hash' as const, on }]
    const gateway = await startGateway(
      t,
      nodes.map(({ url }) => url),
      { ...TRUSTING, balances },
    )
    const client = await connectRaw(t, gateway)
    const round = async (): Promise<string> => {
      let seen = ''
      for (let i = 0; i < 24; i++) {
        const [target, field] = vary(i)
        await client.send(request(`GET ${target}`, field))
        seen += (await readAnswer(client)).body
      }
      return seen
    }
    const first = await round()
    t.equal(await round(), first)
    t.equal(new Set(first).size, 3)
  })
}

t.test('without the cookie a request goes by the address of its client', async t => {
  const nodes = await startNamed(t, 'abc')
  const on = { kind: 'cookie', name: 'user' } as const
  const gateway = await startGateway(
    t,
    nodes.map(({ url }) => url),
    { ...TRUSTING, balances: [{ ...PLAIN_BALANCE, policy: 'hash', on }] },
  )
  const addresses = Array.from({ length: 24 }, (_, i) => `10.0.0.${i}`)
  const seen = await picksOf(t, gateway, addresses, 24)
  t.equal(await picksOf(t, gateway, addresses, 24), seen)
  t.equal(new Set(seen).size, 3)
})

for (const policy of ['p2c', 'ewma'] as const) {
  t.test(`${policy}: a node that holds its requests gets few`, async t => {
    const [fast] = await startNamed(t, 'f')
    const { nodes, held } = await startHolding(t, 's')
    const gateway = await startGateway(t, [fast!.url, nodes[0]!.url], {
      balances: [{ ...PLAIN_BALANCE, policy }],
    })
    let answered = 0
    for (let i = 0; i < 40; i++) {
      const client = await connectRaw(t, gateway, request('GET /'))
      const before = held.length
      void readAnswer(client).then(
        () => answered++,
        () => {},
      )
      await until(
        'it is somewhere',
        () => answered + held.length > i && (held.length > before || answered > 0),
      )
    }
    t.ok(held.length <= 4, `${held.length} of 40`)
    await until('the time of the quick one is told', () => {
      const { latencyMs } = gateway.countersOf(fast!.url)
      return policy === 'ewma' ? latencyMs > 0 : latencyMs === 0
    })
  })
}

t.test('a node that joins starts slowly', async t => {
  const [a, b] = await startNamed(t, 'ab')
  const balances = [{ ...PLAIN_BALANCE, slowStartMs: 60_000 }]
  const gateway = await startGateway(t, [], { ...TRUSTING, balances })
  await gateway.announce(joins('a.test', a!.url))
  await gateway.announce(joins('a.test', b!.url))
  const seen = await picksOf(t, gateway, [], 40)
  const share = seen.split('b').length - 1
  t.ok(share >= 1 && share <= 8, `${share} of 40`)
})
