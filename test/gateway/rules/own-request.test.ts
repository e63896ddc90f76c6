// test/gateway/rules/own-request.test.ts: rules see the request that they are about, whatever came since.
import t from 'tap'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { startRawNode } from '../../support/raw-node.ts'
import { startRuled } from '../../support/ruled-gateway.ts'

t.test('rules of answers alone see their own request, not the one that came last', async t => {
  const node = await startRawNode(t)
  const gateway = await startRuled(
    t,
    ['response-route-run = addheader:X-Of: ${REQUEST_URI} ${HTTP_X_WHO} ${PATH_INFO} ${cookie[c]}'],
    [`http://${node.address}`],
  )
  const first = await connectRaw(t, gateway, request('GET /first', 'X-Who: one', 'Cookie: c=1'))
  const held = await node.next()
  await held.head()
  const second = await connectRaw(t, gateway, request('GET /second/secret', 'X-Who: two', 'Cookie: c=2'))
  const other = await node.next()
  await other.head()
  await held.send(answer('a'))
  t.match((await readAnswer(first)).head, /^X-Of: \/first one \/first 1$/m)
  await other.send(answer('b'))
  t.match((await readAnswer(second)).head, /^X-Of: \/second\/secret two \/second\/secret 2$/m)
})
