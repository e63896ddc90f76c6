// test/master/reload-reasons.test.ts: what a new plan asks for that a running gateway cannot do.
import t from 'tap'
import type { StartPlan } from '../../master/plan.ts'
import { reasonsForNew } from '../../master/reload.ts'
import { configOf } from '../support/config.ts'

t.test('a new version of Sluice on the disk wants new gateways', async t => {
  const before = { plan: planOf('0.1.0'), bound: [] }
  t.same(reasonsForNew(before, { plan: planOf('0.1.0'), bound: [] }), [])
  t.same(reasonsForNew(before, { plan: planOf('0.2.0'), bound: [] }), ['Sluice 0.1.0 -> 0.2.0'])
})

t.test('limits and time-outs want none', async t => {
  const before = { plan: planOf('0.1.0'), bound: [] }
  const after = planOf('0.1.0', '--http-timeout', '5', '--max-connections', '7', '--so-keepalive')
  t.same(reasonsForNew(before, { plan: after, bound: [] }), [])
})

/** The part of a plan that is looked at. */
function planOf(version: string, ...argv: string[]): StartPlan {
  const config = configOf(['--http', '127.0.0.1:0', ...argv])
  return { config, version, listeners: [], gateways: 1, hasSocketPerGateway: false } as unknown as StartPlan
}
