// config/balance-checks.ts: what is wrong between the lines that say which node gets a request.
import type { Policy } from '../base/policy.ts'
import type { BalanceLine } from './balance-kind.ts'
import type { Checked, Tell } from './checked.ts'
import { type Place, placeText } from './config.ts'

/** Of these, slow start changes nothing: uWSGI's formulas stay as they are, and keys of hash stay where they are. */
const NO_SLOW_START: readonly Policy[] = ['wrr', 'lrc', 'wlrc', 'iphash', 'hash']

/** Of a node that several lines name, all but its weight. */
const ONCE = ['backup', 'limit', 'modifier1', 'modifier2'] as const

/** Pure. */
export function checkBalance(checked: Checked, wrong: Tell, warn: Tell): void {
  const { values, place } = checked
  for (const [i, line] of values.balance.entries()) {
    const at = place('balance', i)
    const first = values.balance.findIndex(other => other.key === line.key)
    if (first < i) {
      const problem = `option "balance" has the key ${line.key} already ${where(place('balance', first))}`
      wrong(at, problem, 'Join the two lines')
    }
    checkPolicy(line, values['subscription-algo'], at, wrong, warn)
    checkQueue(line, checked, at, warn)
  }
  checkSameNode(checked, wrong)
  checkRests(checked, warn)
}

function checkPolicy(
  { policy, on, slowStartMs }: BalanceLine,
  usual: Policy,
  at: Place,
  wrong: Tell,
  warn: Tell,
): void {
  const used = policy ?? usual
  if (on !== null && used !== 'hash') {
    const which = policy === null ? `the policy is ${used} (subscription-algo)` : `the policy is ${used}`
    wrong(at, `option "balance" says on=, but ${which}`, 'Write policy=hash, or take on= out')
  }
  if (slowStartMs > 0 && NO_SLOW_START.includes(used)) {
    warn(at, `option "balance": slow-start does nothing with ${used}`, 'Take it out, or write policy=smooth')
  }
}

function checkQueue(
  { key, limit, queueLength, queueMs }: BalanceLine,
  { values }: Checked,
  at: Place,
  warn: Tell,
): void {
  const isLimited =
    limit > 0 || values.backend.some(node => node.limit > 0 && (key === '*' || node.key === key))
  if (queueLength > 0 && !isLimited) {
    const problem = `option "balance": nothing ever waits in the queue of ${key}, as its nodes have no limit`
    warn(at, problem, 'Add limit=N')
  }
  if (queueLength === 0 && queueMs !== null) {
    warn(at, 'option "balance": queue-timeout does nothing without queue', 'Add queue=N')
  }
}

// Lines that name one node twice add up its weight; two levels, limits or modifiers do not add up to anything.
function checkSameNode({ values, place }: Checked, wrong: Tell): void {
  const seen = new Map<string, number>()
  for (const [i, node] of values.backend.entries()) {
    const name = `${node.key} ${node.address.name}`
    const first = seen.get(name)
    if (first === undefined) {
      seen.set(name, i)
      continue
    }
    const other = values.backend[first]!
    const differs = ONCE.find(word => other[word] !== node[word])
    if (differs === undefined) continue
    const problem = `option "backend" gives ${node.address.name} of ${node.key} another ${differs} than ${where(place('backend', first))}`
    wrong(place('backend', i), problem, 'Write the same in both lines, or one line with the whole weight')
  }
}

function checkRests({ values, place }: Checked, warn: Tell): void {
  const [first, most] = [values['http-gracetime'], values['http-max-gracetime']]
  if (most >= first || place('http-max-gracetime').file === null) return
  const problem = `option "http-max-gracetime" is below http-gracetime, so all rests take ${first / 1000} s`
  warn(place('http-max-gracetime'), problem, 'Raise it, or lower http-gracetime')
}

function where(place: Place): string {
  return place.file === null ? 'on the command line' : `at ${placeText(place)}`
}
