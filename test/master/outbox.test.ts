// test/master/outbox.test.ts: what waits for a gateway that does not read is bounded by the nodes there are.
import t from 'tap'
import type { ToGateway } from '../../base/messages.ts'
import type { NodePicture } from '../../base/picture.ts'
import { Outbox } from '../../master/outbox.ts'

t.test('names that came and went while nobody read are not told of', async t => {
  const { outbox, sent, read } = open()
  outbox.table([{ key: 'k', algo: '', nodes: [node('k 0')], gone: [] }])
  for (let i = 1; i <= 1000; i++) {
    outbox.table([{ key: 'k', algo: '', nodes: [node(`k ${i}`)], gone: [`k ${i - 1}`] }])
  }
  t.equal(sent.length, 1)
  read()
  t.match(sent.slice(1), [{ keys: [{ nodes: [{ name: 'k 1000' }], gone: ['k 0'] }] }])
  t.equal(sent.length, 2)
})

t.test('what is larger than a message waits again after the first one that fills the channel', async t => {
  const { outbox, sent, read } = open()
  outbox.verdicts([{ name: 'k 0', isWell: false }])
  const nodes = Array.from({ length: 1200 }, (_, i) => node(`k ${i}`))
  outbox.table([{ key: 'k', algo: '', nodes, gone: [] }])
  outbox.verdicts([{ name: 'k 1', isWell: false }])
  const kinds = () => sent.map(message => message.kind).join(' ')
  read()
  t.equal(kinds(), 'verdicts table')
  read()
  read()
  t.equal(kinds(), 'verdicts table table table')
  read()
  t.equal(kinds(), 'verdicts table table table verdicts')
  const names = sent.flatMap(message => {
    return message.kind === 'table' ? message.keys.flatMap(key => key.nodes.map(({ name }) => name)) : []
  })
  t.same(
    names,
    nodes.map(({ name }) => name),
  )
})

/** An outbox whose channel is full after each message, until it is read. */
function open() {
  const sent: ToGateway[] = []
  let taken = () => {}
  const outbox = new Outbox((message, whenTaken) => {
    sent.push(message)
    taken = whenTaken
    return false
  })
  return { outbox, sent, read: () => taken() }
}

function node(name: string): NodePicture {
  const endpoint = { kind: 'tcp', addresses: ['10.0.0.1'], port: 1 } as const
  return { name, proto: 'http', endpoint, weight: 1, modifier1: 0, modifier2: 0 }
}
