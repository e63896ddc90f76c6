// test/subscription/weaknesses.test.ts: what is weak in uWSGI's subscriptions, and which test shows that it is not so here. Where
// no other test does, it is shown below.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TableBuilder } from '../../routing/table-builder.ts'
import type { NodeRecord } from '../../subscription/membership.ts'
import { nodePicture } from '../../subscription/node-picture.ts'
import { writePacket } from '../../subscription/packet/write.ts'
import { type Receiver, startReceiver } from '../master/subscriptions/receiver.ts'
import { announcement } from './packet/samples.ts'

for (const [weakness, file, shown] of [
  ['unsigned packets from everywhere are believed', 'config/subscriptions', 'all addresses, unsigned'],
  ['... and take over any host', 'subscription/judge', 'a stranger elsewhere changes nothing for others'],
  [
    'a long key overwrites memory',
    'subscription/packet/read',
    'whatever comes, there is a packet, or a reason',
  ],
  [
    'numbers, sizes and command are not checked',
    'master/subscriptions/receive',
    'malformed packets are refused',
  ],
  [
    'the command is not signed',
    'subscription/judge',
    'signed: a captured subscribe does not become an unsub',
  ],
  [
    'packets can be replayed',
    'master/subscriptions/signed',
    'a replay, and a subscribe that was turned into',
  ],
  ['... after a restart, too', 'master/subscriptions/signed', 'after a restart they are refused as before'],
  ['a time in the future locks out', 'subscription/replay', 'a packet from a year ahead locks nobody out'],
  ['there is one digest', 'master/subscriptions/signed', 'by the digest and key they were signed with'],
  ['SHA1 is used without a word', 'master/subscriptions/life', 'a check warns of SHA1 and of strangers'],
  [
    'keys are kept until the last node goes',
    'master/subscriptions/signed',
    'a key file is read again when it',
  ],
  [
    'one process gets signed packets',
    'subscription/real/signed',
    'signed by uWSGI it serves from all gateways',
  ],
  [
    'refusals are silent',
    'master/subscriptions/receive',
    'one line a source, reason and minute tells of refusals',
  ],
  [
    'a reload forgets the nodes',
    'subscription/real/reloads',
    'reloads of both kinds under load keep the table',
  ],
  ['a restart forgets them', 'subscription/real/restarts', 'a restart has the table back within a second'],
  ['one lost packet makes a node dead', 'subscription/lease', 'one announcement that is lost, in any place'],
  [
    'the last node goes, as it is stale',
    'subscription/memory-membership',
    'the last node stays, marked as unheard',
  ],
  [
    'only requests notice that nodes are stale',
    'master/subscriptions/receive',
    'a node is gone once its lease is',
  ],
  [
    'an announcement proves nothing',
    'subscription/table-feed',
    'a node that refuses connections waits, with the re',
  ],
  [
    'nor that the application works',
    'subscription/checks/checks',
    'a new node gets traffic after its first success',
  ],
  ['a wildcard address is no address', 'subscription/admission', 'an empty host is the sender'],
  [
    'the protocol is not known',
    'master/subscriptions/receive',
    'the protocol of nodes that do not say it is',
  ],
  [
    'connects that fail at once say nothing',
    'gateway/node-failures',
    'a UNIX socket that is missing is a refusal',
  ],
  [
    'a broken node is back every 10 seconds',
    'gateway/ejection',
    'rests of a node that refuses grow to their most',
  ],
  [
    'weights are divided, and come in runs',
    'routing/balance/turn-heap',
    'weights 5, 1, 1 come without bursts',
  ],
  [
    'modifiers stay as first announced',
    'subscription/memory-membership',
    'what traffic notices is a change: modif',
  ],
  [
    'a router passes on itself',
    'master/subscriptions/forward',
    'an announcement goes on as it came, and so does',
  ],
  [
    'nodes cannot be told of refusals',
    'master/why',
    'who announced itself: each state, and what goes before',
  ],
  ['a key injects JSON', 'stats/router-json', 'names that hold quotes, line breaks and more stay within'],
  ['figures are those of one process', 'master/http-stats', 'what it says of nodes, summed over gateways'],
  [
    'keys have ports, cases and no wildcards',
    'gateway/table',
    'wildcards, ports, paths: the closest key serves',
  ],
] as const) {
  t.test(`${weakness}: ${file}.test.ts shows that not`, async t => {
    const text = readFileSync(join(import.meta.dirname, `../${file}.test.ts`), 'utf8')
    t.ok(text.includes(shown), `"${shown}" is a test of it`)
  })
}

t.test('a weight that leaks into later packets of its instance holds as long as it is said', async t => {
  const receiver = await startReceiver(t)
  const weights: number[] = []
  for (const weight of [0, 3, 3, 0]) {
    await receiver.send(writePacket(announcement({ weight }), null))
    weights.push(only(receiver).announcement.weight)
  }
  t.same(weights, [1, 3, 3, 1], 'none is one')
})

t.test('files of TLS that a packet names are passed on, and neither opened nor told to gateways', async t => {
  const receiver = await startReceiver(t)
  const [sniKey, sniCrt] = ['/etc/shadow', '/no/such/file']
  t.equal(await receiver.send(writePacket(announcement({ sniKey, sniCrt }), null)), 'taken')
  const record = only(receiver)
  t.match(record.announcement, { sniKey, sniCrt })
  t.notMatch(JSON.stringify(nodePicture(record, () => [])), /shadow|such/)
  t.notMatch(receiver.log(), /shadow|such/)
})

for (const order of [
  ['d.example', 'd.example/foo'],
  ['d.example/foo', 'd.example'],
]) {
  t.test(`mountpoints are their own keys, announced as ${order.join(', ')}`, async t => {
    const receiver = await startReceiver(t)
    for (const [i, key] of order.entries())
      await receiver.send(writePacket(announcement({ key, address: `10.0.0.${i}:80` }), null))
    const builder = new TableBuilder()
    for (const { record } of receiver.subscriptions.membership.entries()) {
      const nodes = [nodePicture(record, () => [])!]
      builder.apply([{ key: record.key, algo: '', nodes, gone: [] }], 0)
    }
    const served = (path: string) => builder.table.find('d.example', path)?.key
    t.same(
      [served('/'), served('/foo'), served('/foo/bar'), served('/food')],
      ['d.example', 'd.example/foo', 'd.example/foo', 'd.example'],
    )
  })
}

t.test('an instance that says nothing any more, not even that it leaves, is gone all the same', async t => {
  const receiver = await startReceiver(t)
  const other = writePacket(announcement({ address: '10.0.0.8:80' }), null)
  await receiver.send(writePacket(announcement({ address: '10.0.0.7:80' }), null))
  await receiver.send(other)
  for (let i = 0; i < 6; i++) {
    receiver.pass(5)
    await receiver.send(other)
  }
  t.same(receiver.ids(), ['a.example 10.0.0.8:80'])
})

/** The record of the one node that is there. */
function only({ subscriptions }: Receiver): NodeRecord {
  const records = Array.from(subscriptions.membership.entries(), ({ record }) => record)
  if (records.length !== 1) throw new Error(`${records.length} nodes`)
  return records[0]!
}
