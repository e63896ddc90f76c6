// test/routing/balance/uwsgi-picks.test.ts: picks of real uWSGI routers, and of their formulas walked through plainly.
import fc from 'fast-check'
import t from 'tap'
import { POLICIES, type Policy } from '../../../base/policy.ts'
import { Backend, DEFAULT_RULES } from '../../../routing/backend.ts'
import { addressNumber } from '../../../routing/balance/ip-hash.ts'
import type { Node } from '../../../routing/node.ts'
import { fakeNode } from '../nodes.ts'
import { GOLDEN } from './golden.ts'
import { type PlainNode, plainLrc, plainWrr } from './plain-uwsgi.ts'

for (const {
  name,
  algorithm,
  weights,
  announce_order,
  picks,
  mode,
  client_addresses,
  backup_levels,
} of GOLDEN) {
  t.test(`${name}: ${picks}`, async t => {
    const nodes = [...announce_order].map(name =>
      fakeNode(name, weights[name], ['127.0.0.1'], { backup: backup_levels?.[name] ?? 0 }),
    )
    const policy = POLICIES.find(name => name === algorithm) ?? 'wrr'
    const backend = new Backend(nodes, [], { ...DEFAULT_RULES, policy })
    let seen = ''
    for (let i = 0; i < picks.length; i++) {
      const node = backend.pickFor(0, null, client_addresses?.[i] ?? '') as Node
      node.begin()
      if (mode === 'one request at a time') node.end(-1, 0)
      seen += node.name
    }
    t.equal(seen, picks)
  })
}

t.test('whatever happens to nodes and requests, each pick is that of the walk', async _t => {
  const event = fc.oneof(
    { weight: 6, arbitrary: fc.constant({ kind: 'pick' as const, which: 0 }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('rest' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('announce' as const), which: fc.nat() }) },
  )
  const shape = fc.record({ weight: fc.integer({ min: 1, max: 9 }), backup: fc.integer({ min: 0, max: 2 }) })
  fc.assert(
    fc.property(
      fc.constantFrom<Policy>('wrr', 'lrc', 'wlrc'),
      fc.array(shape, { minLength: 1, maxLength: 12, size: 'max' }),
      fc.array(event, { maxLength: 120, size: 'max' }),
      (policy, shapes, events) => {
        const plain: PlainNode[] = shapes.map(({ weight, backup }, i) => {
          return { name: `${i}`, weight, backup, inHand: 0, served: 0, isAlive: true, credit: 0 }
        })
        const nodes = plain.map(({ name, weight, backup }) =>
          fakeNode(name, weight, ['127.0.0.1'], { backup }),
        )
        const backend = new Backend(nodes, [], { ...DEFAULT_RULES, policy })
        for (const { kind, which } of events) {
          const [node, twin] = [nodes[which % nodes.length]!, plain[which % nodes.length]!]
          if (kind === 'end' && node.inHand > 0) {
            node.end(-1, 0)
            twin.inHand--
          } else if (kind === 'rest') {
            node.restUntil(1e9)
            twin.isAlive = false
          } else if (kind === 'answer') {
            node.answered(true)
            twin.isAlive = true
          } else if (kind === 'announce') {
            node.announced()
            twin.served = 0
          } else if (kind === 'pick' && plain.some(node => node.isAlive)) {
            const wanted = policy === 'wrr' ? plainWrr(plain) : plainLrc(plain, policy === 'wlrc')
            const picked = backend.pickFor(0, null, '') as Node
            if (picked.name !== wanted?.name) return false
            picked.begin()
            wanted.inHand++
            wanted.served++
          }
        }
        return true
      },
    ),
    { numRuns: 1_000 },
  )
})

t.test('iphash counts the nodes that are open', async t => {
  const nodes = ['a', 'b', 'c'].map(name => fakeNode(name))
  const backend = new Backend(nodes, [], { ...DEFAULT_RULES, policy: 'iphash' })
  const names = () => [1, 2, 3, 4].map(n => (backend.pickFor(0, null, `${n}.0.0.0`) as Node).name).join('')
  t.equal(names(), 'bcab')
  nodes[1]!.restUntil(10)
  t.equal(names(), 'caca')
  t.equal((backend.pickFor(0, [nodes[2]!], '1.0.0.0') as Node).name, 'a')
  t.equal(backend.keyKind, 'address')
})

for (const [address, number, why] of [
  ['127.0.0.1', 0x0100007f, 'bytes of IPv4, least first'],
  ['255.255.255.255', 0xffffffff, 'not negative'],
  ['', 0, 'no address'],
  ['unix', 0, 'no address'],
  ['1.2.3', 0, 'no address'],
  ['1.2.3.4.5', 0, 'no address'],
  ['1:2:3', 0, 'no address'],
] as const) {
  t.test(`${address || 'nothing'} as a number: ${why}`, async t => {
    t.equal(addressNumber(address), number)
  })
}

t.test('IPv6 in any spelling has the hash of its sixteen bytes', async t => {
  for (const [spelling, whole] of [
    ['::', '0:0:0:0:0:0:0:0'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['1::', '1:0:0:0:0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['2001:DB8::a:b', '2001:db8:0:0:0:0:a:b'],
    ['::ffff:1.2.3.4', '0:0:0:0:0:ffff:102:304'],
  ] as const) {
    t.equal(addressNumber(spelling), plain(whole), spelling)
  }
})

// The hash of keys over the bytes of an address of eight groups.
function plain(address: string): number {
  let hash = 5381n
  for (const group of address.split(':')) {
    const value = Number.parseInt(group, 16)
    for (const byte of [value >> 8, value & 255]) {
      hash = BigInt.asUintN(
        32,
        BigInt.asUintN(32, hash * 33n) ^ BigInt.asUintN(32, BigInt(byte > 127 ? byte - 256 : byte)),
      )
    }
  }
  return Number(hash)
}
