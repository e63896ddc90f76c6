// test/gateway/leaving-nodes.test.ts: a thousand nodes leave at once and others come, under load: no request fails.
import t from 'tap'
import type { KeyPicture } from '../../base/picture.ts'
import { joins, nodePicture, startGateway } from '../support/gateway.ts'
import { startNamed } from '../support/named-nodes.ts'
import { connectRaw, readAnswer, request } from '../support/raw-client.ts'

const MANY = 1_000

t.test('a thousand nodes leave while requests flow, and none fails', async t => {
  const [old, young] = await startNamed(t, 'oy')
  const keyOf = (url: string, mark: string): KeyPicture => {
    const nodes = Array.from({ length: MANY }, (_, i) => ({
      ...nodePicture(url),
      name: `a.test ${mark}${i}`,
    }))
    return { key: 'a.test', algo: '', nodes, gone: [] }
  }
  const gateway = await startGateway(t, [])
  await gateway.announce(keyOf(old!.url, 'o'))
  let isOver = false
  const seen = { o: 0, y: 0, other: 0 }
  const clients = Array.from({ length: 16 }, async () => {
    const client = await connectRaw(t, gateway)
    while (!isOver) {
      await client.send(request('GET /'))
      const { status, body } = await readAnswer(client)
      if (status === 200 && (body === 'o' || body === 'y')) seen[body]++
      else seen.other++
    }
  })
  const gone = keyOf(old!.url, 'o').nodes.map(({ name }) => name)
  for (let round = 0; round < 3; round++) {
    await gateway.announce(keyOf(young!.url, 'y'))
    await gateway.announce({ ...joins('a.test'), gone })
    await gateway.announce(keyOf(old!.url, 'o'))
    await gateway.announce({ ...joins('a.test'), gone: gone.map(name => name.replace(' o', ' y')) })
  }
  isOver = true
  await Promise.all(clients)
  t.equal(seen.other, 0)
  t.ok(seen.o > 0 && seen.y > 0, `${seen.o} and ${seen.y}`)
  t.notOk(gateway.events.some(({ level }) => level !== 'info'))
})
