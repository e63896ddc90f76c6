// test/gateway/picture-swap.test.ts: a new picture takes hold between requests, never inside one.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { nodePicture, startGateway } from '../support/gateway.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { type Script, startRawNode } from '../support/raw-node.ts'

const say =
  (name: string): Script =>
  async connection => {
    for (;;) {
      await connection.head()
      await connection.send(answer(name))
    }
  }

t.test('a request in hand ends with the old one; the next on its connection gets the new one', async t => {
  const old = await startRawNode(t)
  const next = await startRawNode(t, { script: say('new') })
  const gateway = await startGateway(t, [`http://${old.address}`])
  const client = await connectRaw(t, gateway, request('GET /'))
  const connection = await old.next()
  await connection.head()
  await gateway.apply({ nodes: [nodePicture(`http://${next.address}`)] })
  await connection.send(answer('old'))
  t.equal((await readAnswer(client)).body, 'old')
  await connection.end()
  t.pass('and a connection to a node that left is not kept')
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'new')
})

t.test('idle connections to a node that left are closed, those to one that stays are kept', async t => {
  const leaves = await startRawNode(t, { script: say('leaves') })
  const stays = await startRawNode(t, { script: say('stays') })
  const addresses = [leaves, stays].map(node => nodePicture(`http://${node.address}`))
  const gateway = await startGateway(t, [], { nodes: addresses })
  const client = await connectRaw(t, gateway)
  for (const body of ['leaves', 'stays']) {
    await client.send(request('GET /'))
    t.equal((await readAnswer(client)).body, body)
  }
  await gateway.apply({ nodes: addresses.slice(1) })
  await leaves.connections[0]!.end()
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'stays')
  t.equal(stays.connections.length, 1)
})

t.test('limits, time-outs and kept connections follow the new one', async t => {
  const node = await startRawNode(t, { script: say('ok') })
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /'))
  t.equal((await readAnswer(client)).body, 'ok')
  await gateway.apply({ maxBodyBytes: 1, maxIdlePerNode: 0 })
  const other = await connectRaw(t, gateway, request('POST /', 'Content-Length: 2'))
  t.equal((await readAnswer(other)).status, 413)
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'ok')
  await Promise.all(node.connections.map(connection => connection.end()))
  t.pass('no connection is kept any more')
})

t.test('redirects to https begin and end with a picture, on connections that are open', async t => {
  const node = await startRawNode(t, { script: say('ok') })
  const gateway = await startGateway(t, [`http://${node.address}`])
  const client = await connectRaw(t, gateway, request('GET /'))
  t.equal((await readAnswer(client)).body, 'ok')
  await gateway.applyToListener({ toHttps: { port: '8443' } })
  await client.send(request('GET /x'))
  t.match(await readAnswer(client), { status: 301, head: 'https://a.test:8443/x' })
  await gateway.applyToListener({ toHttps: null })
  await client.send(request('GET /'))
  t.equal((await readAnswer(client)).body, 'ok')
})

t.test('the time for a head follows the new one', async t => {
  const gateway = await startGateway(t, [])
  const client = await connectRaw(t, gateway, request('GET /'))
  t.equal((await readAnswer(client)).status, 200)
  await gateway.apply({ headersTimeoutMs: 200 })
  await client.send('GET / HT')
  t.equal((await readAnswer(client)).status, 408)
})

t.test('SO_KEEPALIVE is set on connections accepted from now on', async t => {
  const gateway = await startGateway(t, [])
  const probed = async (): Promise<boolean> => {
    const client = await connectRaw(t, gateway, request('GET /'))
    await readAnswer(client)
    const line = execFileSync('/usr/bin/ss', ['-Htno', `sport = :${gateway.port}`], { encoding: 'utf8' })
      .split('\n')
      .find(text => text.includes(`:${client.socket.localPort} `))
    return /timer:\(keepalive/.test(line ?? '')
  }
  t.equal(await probed(), false)
  await gateway.apply({ soKeepalive: true })
  t.equal(await probed(), true)
})

t.test('the title of the process follows it', async t => {
  const gateway = await startGateway(t, [], { processTitle: 'edge: gateway' })
  const title = (): string => readFileSync(`/proc/${gateway.process.pid}/cmdline`, 'latin1')
  t.match(title(), /^edge: gateway/)
  await gateway.apply({ processTitle: 'edge: old' })
  t.match(title(), /^edge: old/)
})

t.test('a node that others found failing rests from the start', async t => {
  const [failing, well] = [
    await startRawNode(t, { script: say('failing') }),
    await startRawNode(t, { script: say('well') }),
  ]
  const nodes = [failing, well].map(node => `http://${node.address}`)
  const rests = [
    { name: nodes[0]!, ms: 1_000 },
    { name: 'http://127.0.0.1:1', ms: 1_000 },
  ]
  const gateway = await startGateway(t, nodes, {}, {}, {}, rests)
  const client = await connectRaw(t, gateway)
  for (let i = 0; i < 4; i++) {
    await client.send(request('GET /'))
    t.equal((await readAnswer(client)).body, 'well')
  }
  await until('its rest is over', async () => {
    await client.send(request('GET /'))
    return (await readAnswer(client)).body === 'failing'
  })
})
