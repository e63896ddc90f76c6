// test/routing/nets/nets.test.ts: which addresses belong to a list of networks, whatever its order and size.
import ipaddr from 'ipaddr.js'
import t from 'tap'
import type { NetsPicture } from '../../../base/nets.ts'
import { isWithin } from '../../../routing/nets/net-list.ts'
import { readNetFile, readNets } from '../../../routing/nets/read.ts'

function nets(...entries: string[]): NetsPicture {
  const read = readNets(entries)
  if ('problem' in read) throw new Error(read.problem)
  return read
}

for (const [entry, inside, outside] of [
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['9.255.255.255', '11.0.0.0', '::', '']],
  ['10.1.2.3/8', ['10.0.0.1'], ['11.1.2.3']],
  ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
  ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::1', '']],
  ['::/0', ['::1', '2001:db8::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'], ['10.0.0.1', '']],
  ['::ffff:10.0.0.0/104', ['10.9.9.9'], ['11.0.0.1', '::1']],
  ['2001:db8::/33', ['2001:db8:7fff::1', '2001:DB8::'], ['2001:db8:8000::', '2001:db7:ffff::']],
  ['fe80::/10', ['fe80::1%eth0', 'febf::1'], ['fec0::1']],
  ['unix', [''], ['127.0.0.1', '::1']],
] as const) {
  t.test(`${entry} has what is in it, and nothing else`, async t => {
    for (const address of inside) t.equal(isWithin(nets(entry), address), true, address)
    for (const address of outside) t.equal(isWithin(nets(entry), address), false, address)
  })
}

for (const entry of [
  '10.0.0.0/33',
  '::1/129',
  '10.0.0',
  '010.0.0.1',
  '10.0.0.1/',
  'localhost',
  '1.2.3.4.5',
  '/8',
])
  t.test(`"${entry}" is refused`, async t => {
    t.match(readNets(['10.0.0.1', entry]), { problem: /neither an address nor a network/, index: 1 })
  })

t.test('what is no address is neither in nor out', async t => {
  for (const text of [
    'x',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1..2.3',
    '1.2.3.',
    ':::',
    '1:2:3:4:5:6:7:8:9',
    '1.2.3.4x',
  ])
    t.equal(isWithin(nets('0.0.0.0/0', '::/0', 'unix'), text), null, text)
})

t.test('ranges that overlap become one', async t => {
  const { v4 } = nets('10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/9', '9.0.0.0/8', '10.200.0.1')
  t.equal(v4.length, 4)
  t.equal(v4.buffer.byteLength, 16, 'and carry nothing else in a message')
})

t.test('a file has one network a line, and comments; the line that is wrong is named', async t => {
  t.match(readNetFile('# ours\r\n10.0.0.0/8 # office\r\n\r\n ::1\n'), { hasUnix: false })
  t.match(readNetFile('10.0.0.0/8\n# x\n\nbad\n'), { line: 4, problem: /^it is neither/ })
})

t.test('a hundred thousand networks are searched as if one by one', async t => {
  let seed = 7
  const lot = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % below
  }
  const lines = Array.from({ length: 100_000 }, (_, i) =>
    i % 4 === 0
      ? `2001:${lot(65_536).toString(16)}:${lot(65_536).toString(16)}::/${33 + lot(16)}`
      : `${lot(224)}.${lot(256)}.${lot(256)}.${lot(256)}/${20 + lot(13)}`,
  )
  const list = readNetFile(lines.join('\n'))
  if ('problem' in list) throw new Error(list.problem)
  const slow = lines.filter((_, i) => i % 50 === 0).map(line => ipaddr.parseCIDR(line))
  for (let i = 0; i < 2_000; i++) {
    const [network, prefix] = slow[i % slow.length]!
    const bytes = network.toByteArray()
    const at = Math.min(bytes.length - 1, prefix >> 3)
    bytes[at] = bytes[at]! ^ (i % 2) // in it, or just beside it
    const address = ipaddr.fromByteArray(bytes)
    const isIn =
      lines.length < 0 || slow.some(cidr => cidr[0].kind() === address.kind() && address.match(cidr))
    if (isIn) t.equal(isWithin(list, address.toString()), true, address.toString())
  }
  const few = readNetFile(lines.filter((_, i) => i % 50 === 0).join('\n')) as NetsPicture
  for (let i = 0; i < 1_000; i++) {
    const text = `${lot(224)}.${lot(256)}.${lot(256)}.${lot(256)}`
    const address = ipaddr.parse(text)
    const isIn = slow.some(cidr => cidr[0].kind() === 'ipv4' && address.match(cidr))
    t.equal(isWithin(few, text), isIn, text)
  }
})
