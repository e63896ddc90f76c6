// test/subscription/cidr.test.ts: ranges hold what Node's own BlockList says they hold; kinds of addresses.
import { BlockList, isIPv6 } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { isWithin, kindOfIp, parseCidr, plainIp } from '../../subscription/cidr.ts'

for (const [ip, kind] of [
  ['10.0.0.1', 'ordinary'],
  ['2001:db8::1', 'ordinary'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.255', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['169.254.169.254', 'link-local'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['0.0.0.0', 'wildcard'],
  ['::', 'wildcard'],
  ['::ffff:0.0.0.0', 'wildcard'],
  ['0.1.2.3', 'nowhere'],
  ['224.0.0.1', 'nowhere'],
  ['255.255.255.255', 'nowhere'],
  ['ff02::1', 'nowhere'],
] as const) {
  t.test(`${ip} is ${kind}`, async t => t.equal(kindOfIp(ip), kind))
}

t.test('an IPv4 address is of the same kind, and its own spelling, in its IPv6 form', async () => {
  const edges = fc.constantFrom(0, 1, 126, 127, 128, 168, 169, 170, 223, 224, 239, 240, 254, 255)
  const ip = fc.array(edges, { minLength: 4, maxLength: 4 }).map(bytes => bytes.join('.'))
  fc.assert(
    fc.property(fc.oneof(ip, fc.ipV4()), ip => {
      const mapped = `::ffff:${ip}`
      return kindOfIp(ip) === kindOfIp(mapped) && plainIp(ip) === ip && plainIp(mapped) === ip
    }),
    { numRuns: 3_000 },
  )
})

t.test('a range holds what BlockList says it holds', async () => {
  const ip = fc.oneof(fc.ipV4(), fc.ipV6())
  const near = fc.tuple(ip, fc.nat(128), fc.boolean(), ip)
  fc.assert(
    fc.property(near, ([base, bits, isSame, other]) => {
      const length = isIPv6(base) ? bits : Math.min(bits, 32)
      const cidr = parseCidr(`${base}/${length}`)
      if ('problem' in cidr) return plainIp(base)?.includes(':') !== isIPv6(base)
      const address = plainIp(isSame ? base : other)!
      const list = new BlockList()
      list.addSubnet(base, length, isIPv6(base) ? 'ipv6' : 'ipv4')
      if (isIPv6(base) !== isIPv6(address)) return !isWithin(address, cidr)
      return isWithin(address, cidr) === list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
    }),
    { numRuns: 3_000 },
  )
})
