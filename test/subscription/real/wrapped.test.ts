// test/subscription/real/wrapped.test.ts: `sluice subscribe` brings a service that knows nothing of it behind a running Sluice,
// and takes it away without a request lost; health checks take a node out and bring it back.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { subscriber as wrapped } from '../../bin/subscriber.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/processes.ts'
import { get, steadyLoad } from '../../support/subscribing.ts'
import type { Test } from '../../support/tmp.ts'
import { HOST, isServed, startHouse } from './house.ts'

// Keeps connections, so that only the gateway can close them.
const KEEPING = `
require('http').createServer((request, answer) => {
  setTimeout(() => answer.end('wrapped'), request.url === '/slow' ? 300 : 0)
}).listen(Number(process.argv[1]), '127.0.0.1')
process.on('SIGTERM', () => { console.error('ends'); process.exit() })
`

t.test('a wrapped service is served, drains at TERM, and no request is lost', async t => {
  const here = await startHouse(t)
  const stays = await listen(t, () => ({ status: 200, body: 'stays' }))
  const command = (port: number) => ['--', process.execPath, '-e', KEEPING, String(port)]
  const to = ['--to', `127.0.0.1:${here.port}`, '--key', HOST]
  wrapped(t, [...to, '--address', `http://${stays.address}`])
  await until('it serves', () => isServed(here))
  const port = await freePort()
  const leaves = wrapped(t, [...to, '--address', `http://127.0.0.1:${port}`, ...command(port)])
  const load = steadyLoad(t, here.sluice.url, { hosts: [HOST] })
  await until('both serve', () => load.bodies.has('stays') && load.bodies.has('wrapped'))
  const slow = Array.from({ length: 4 }, () => get(here.sluice.url, HOST, '/slow'))
  await load.more(20)
  const began = performance.now()
  leaves.kill('SIGTERM')
  await leaves.said(/ends/)
  t.ok(performance.now() - began < 15_000, 'kept connections do not make it wait for its limit')
  await load.forget()
  await load.more(50)
  await load.stop()
  t.same([...load.bodies.keys()], ['stays'])
  t.same(load.failures, [])
  t.ok((await Promise.all(slow)).every(({ status }) => status === 200))
  t.equal((await leaves.ended).code, 0)
})

t.test('a node whose check fails gets nothing until it is well again', async t => {
  let isWell = true
  const checked = await listen(t, path =>
    path === '/health' ? { status: isWell ? 200 : 500, body: '' } : { status: 200, body: 'checked' },
  )
  const other = await listen(t, () => ({ status: 200, body: 'other' }))
  const here = await startHouse(
    t,
    `backend = key=${HOST},address=http://${checked.address}
backend = key=${HOST},address=http://${other.address}
health-check = http=/health,key=${HOST},interval=1,timeout=1,fall=1,rise=1`,
  )
  const load = steadyLoad(t, here.sluice.url, { hosts: [HOST], clients: 4 })
  await until('both serve', () => load.bodies.has('checked') && load.bodies.has('other'))
  isWell = false
  await here.sluice.logged(/node fails its checks/)
  await load.forget()
  await load.more(60)
  t.same([...load.bodies.keys()], ['other'])
  isWell = true
  await until('it is back', () => load.bodies.has('checked'))
  await load.stop()
  t.same(load.failures, [])
})

interface Listening {
  readonly address: string
}

async function listen(
  t: Test,
  answerTo: (path: string) => { readonly status: number; readonly body: string },
): Promise<Listening> {
  const server = http.createServer(({ url = '/' }, answer) => {
    const { status, body } = answerTo(url)
    answer.writeHead(status).end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}
