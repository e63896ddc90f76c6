// test/gateway/rules/first-rules.test.ts: a gateway without rules is told of the first: until they hold it serves as before,
// from then on by them, and never by a picture that names rules without them.

import net from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ToGateway } from '../../../base/messages.ts'
import { readNets } from '../../../routing/nets/read.ts'
import { ROOT } from '../../house/source-files.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { until } from '../../support/processes.ts'
import { connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { startRawNode } from '../../support/raw-node.ts'
import { readRules } from '../../support/rules.ts'

const { picture: RULES } = readRules(['route = ^/admin deny:127.0.0.0/8'])
const FIRST: ToGateway = { kind: 'rules', rules: RULES }

async function startNode(t: Test): Promise<string> {
  const { address } = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      }
    },
  })
  return `http://${address}`
}

async function ask(t: Test, gateway: TestGateway, target = 'GET /admin'): Promise<number> {
  const client = await connectRaw(t, gateway)
  await client.send(request(target))
  return (await readAnswer(client)).status
}

t.test('the picture before serves until the first rules are there', async t => {
  const gateway = await startGateway(t, [await startNode(t)])
  t.equal(await ask(t, gateway), 200)
  const client = await connectRaw(t, gateway)
  gateway.process.send(FIRST)
  let isInForce = false
  const applied = gateway.apply({ rules: RULES.id }).then(() => {
    isInForce = true
  })
  const seen: number[] = []
  do {
    await client.send(request('GET /admin'))
    seen.push((await readAnswer(client)).status)
  } while (!isInForce)
  await applied
  t.match(seen.join(' '), /^(200 ?)*(403 ?)*$/)
  t.equal(await ask(t, gateway), 403, 'in force')
  t.equal(await ask(t, gateway, 'GET /'), 200)
  await gateway.apply({ rules: 0 })
  t.equal(await ask(t, gateway), 200, 'they are taken away again')
})

t.test('a gateway that starts with rules accepts nothing before they hold', async t => {
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0 } as net.BoundSocketOptions)
  t.teardown(() => bound.close())
  const { port } = bound.address() as net.AddressInfo
  const node = await startNode(t)
  const starting = startGateway(t, [node], { rules: RULES.id }, {}, { bound, before: [FIRST] })
  let first = 0
  await until('it accepts', async () => {
    const client = await connectRaw(t, { port }).catch(() => null)
    if (client === null) return false
    await client.send(request('GET /admin'))
    first = (await readAnswer(client)).status
    return true
  })
  t.equal(first, 403)
  await starting
})

t.test('a list of networks may come first', async t => {
  const { picture } = readRules(['route = ^/ deny:@/nets'])
  const nets = readNets(['192.0.2.0/24'])
  if ('problem' in nets) throw new Error(nets.problem)
  const first: ToGateway[] = [
    { kind: 'nets', files: [{ file: '/nets', nets }] },
    { kind: 'rules', rules: picture },
  ]
  const node = await startNode(t)
  const gateway = await startGateway(t, [node], { rules: picture.id }, {}, { before: first })
  t.equal(await ask(t, gateway), 200, 'a list that nobody told of would let nobody in')
  const other = await startGateway(t, [node])
  for (const message of first) other.process.send(message)
  await other.apply({ rules: picture.id })
  t.equal(await ask(t, other), 200)
})

t.test('where the code that runs rules is missing, a picture that names some is refused', async t => {
  const env = { NODE_OPTIONS: `--import=${missing('rules/rulebook')}` }
  await t.rejects(
    startGateway(t, [], { rules: RULES.id }, {}, { before: [FIRST], env }),
    /the code for route rules cannot be loaded: .*it is gone/,
  )
  const gateway = await startGateway(t, [await startNode(t)], {}, {}, { env })
  gateway.process.send(FIRST)
  await t.rejects(gateway.apply({ rules: RULES.id }), /the code for route rules cannot be loaded/)
  t.equal(await ask(t, gateway), 200, 'the picture before is in force')
  await gateway.apply({ rules: 0 })
  t.equal(await ask(t, gateway), 200)
})

/** A module for --import: with it, that file of gateway/ cannot be loaded. */
function missing(name: string): string {
  const file = join(ROOT, 'gateway', `${name}.ts`)
  const hook = `import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) {
  if (url.endsWith(${JSON.stringify(file)})) throw new Error('it is gone')
  return next(url, context)
} })`
  return `data:text/javascript,${encodeURIComponent(hook)}`
}
