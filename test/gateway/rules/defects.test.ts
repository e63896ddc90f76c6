// test/gateway/rules/defects.test.ts: a rule that throws, which none should, costs its own request a 500 and nobody anything else.
import t from 'tap'
import type { ChainName, RulesPicture } from '../../../base/rules-picture.ts'
import { until } from '../../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { startRawNode } from '../../support/raw-node.ts'
import { startRuled } from '../../support/ruled-gateway.ts'

// Its first rule for /bad has arguments that no action can read.
function broken(chain: ChainName): (rules: RulesPicture) => RulesPicture {
  return ({ chains, ...rest }) => {
    const { rules, index } = chains[chain]!
    const isLog = (name: string): boolean => name === 'log'
    const bad = rules.map(rule =>
      isLog(rule.action.name) ? { ...rule, action: { ...rule.action, data: null } } : rule,
    )
    return { ...rest, chains: { ...chains, [chain]: { rules: bad, index } } }
  }
}

for (const [chain, prefix] of [
  ['request', 'route'],
  ['error', 'error-route'],
  ['response', 'response-route'],
] as const) {
  t.test(`in the ${chain} chain`, async t => {
    const node = await startRawNode(t, {
      async script(connection) {
        for (;;) {
          await connection.head()
          await connection.send(answer('ok'))
        }
      },
    })
    const gateway = await startRuled(
      t,
      ['route = ^/ max-inflight:max=1,key=all', `${prefix} = ^/bad log:x`, 'final-route = ^/ logvar:a=b'],
      [`http://${node.address}`],
      {},
      broken(chain),
    )
    const client = await connectRaw(t, gateway)
    for (const path of ['/bad', '/good', '/bad', '/bad', '/good']) {
      await client.send(request(`GET ${path}`))
      t.equal((await readAnswer(client)).status, path === '/bad' ? 500 : 200, path)
    }
    await until('it is told', () => gateway.events.some(({ text }) => text === 'defect'))
  })
}

t.test('in the final chain, when all was sent: the next request finds its place free', async t => {
  const gateway = await startRuled(
    t,
    ['route = ^/ max-inflight:max=1,key=all', 'route = ^/ return:204', 'final-route = ^/ log:x'],
    [],
    {},
    broken('final'),
  )
  const client = await connectRaw(t, gateway)
  for (let i = 0; i < 3; i++) {
    await client.send(request('GET /'))
    t.equal((await readAnswer(client)).status, 204)
  }
})
