// test/bench/rows.test.ts: a row of each kind runs, short and beside nginx, and gives figures.
// Runs alone: rounds are short, and on a busy machine some would see no answer.
import t, { type Test } from 'tap'
import { measureRow } from '../../bench/measure.ts'
import type { Peer } from '../../bench/peer.ts'
import { haproxy } from '../../bench/peers/haproxy.ts'
import { nginx, nginxBuffers } from '../../bench/peers/nginx.ts'
import { httpProxy, undici } from '../../bench/peers/node-gateways.ts'
import { sluice } from '../../bench/peers/sluice.ts'
import { uwsgiRouter } from '../../bench/peers/uwsgi-router.ts'
import { checkPrerequisites } from '../../bench/prerequisites.ts'
import { endAll, sandbox } from '../../bench/processes.ts'
import type { RowResult } from '../../bench/result.ts'
import { type Row, requests, USUAL } from '../../bench/row.ts'
import { makeCertificate } from '../../bench/site.ts'

type Case = readonly [row: Row, peers: readonly Peer[]]

// One of each kind of load, of protocol, and of way to the node; together they need every peer.
const NAMELESS = { ...USUAL, about: '' }
const GET: Case = [
  { ...NAMELESS, name: 'get', over: 'unix', load: requests() },
  [nginx, haproxy, sluice, httpProxy, undici],
]
const POST: Case = [
  {
    ...NAMELESS,
    name: 'post',
    client: 'https',
    comparedWith: 'nginx-buffers',
    load: requests({ path: '/post', bodyBytes: 20_000 }),
  },
  [nginxBuffers, sluice],
]
const RESUME: Case = [
  { ...NAMELESS, name: 'resume', client: 'https', load: { kind: 'handshakes', resumed: true } },
  [nginx, sluice],
]
const UWSGI: Case = [
  { ...NAMELESS, name: 'uwsgi', node: 'uwsgi', load: requests() },
  [nginx, sluice, uwsgiRouter],
]
const IDLE: Case = [{ ...NAMELESS, name: 'idle', load: { kind: 'idle', connections: 100 } }, [nginx, sluice]]

// Two at a time: how long they take does not matter here.
const LANES = [
  [GET, RESUME],
  [POST, UWSGI, IDLE],
]

const results = new Map<string, RowResult>()

t.teardown(endAll)
t.before(async () => {
  await checkPrerequisites(['haproxy', 'uwsgi-core', 'openssl'])
  const directory = sandbox()
  const settings = {
    rounds: 1,
    seconds: 0.5,
    warmRequests: 0,
    directory,
    certificate: makeCertificate(directory),
    sluice: null,
    countsSystemCalls: false,
    measuresLatency: false,
  }
  const run = async (lane: readonly Case[]) => {
    for (const [row, peers] of lane) results.set(row.name, await measureRow(row, peers, settings, () => {}))
  }
  await Promise.all(LANES.map(run))
})

for (const [row, peers] of LANES.flat()) {
  t.test(`${row.name}: every peer has figures`, async t => {
    const result = results.get(row.name)!
    const names = (all: readonly { name: string }[]) => all.map(({ name }) => name)
    t.strictSame(names(result.peers), names(peers))
    checkFigures(t, result, row.load.kind !== 'idle')
  })
}

t.test('a peer is left out of a row that it cannot serve', async t => {
  t.equal(haproxy.serves(UWSGI[0]), false)
  t.equal(uwsgiRouter.serves(GET[0]), false)
  t.equal(nginxBuffers.serves(GET[0]), false)
})

function checkFigures(t: Test, result: RowResult, perSecond: boolean): void {
  for (const peer of result.peers) {
    t.ok(peer.cost.median > 0, `${peer.name} costs something`)
    t.ok(peer.ratio !== null && peer.ratio.median > 0, `${peer.name} is compared`)
    t.equal(peer.requestsPerSecond !== null && peer.requestsPerSecond > 0, perSecond, peer.name)
    t.ok(
      peer.processes.every(({ rssBytes }) => rssBytes > 1e6),
      `${peer.name} has memory`,
    )
    t.strictSame(peer.errors, [], peer.name)
  }
}
