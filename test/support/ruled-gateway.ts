// test/support/ruled-gateway.ts: a real gateway process with route rules, without master and config.
import type { Test } from 'tap'
import type { Picture } from '../../base/picture.ts'
import type { RulesPicture } from '../../base/rules-picture.ts'
import { nodePicture, startGateway, type TestGateway } from './gateway.ts'
import { readRules } from './rules.ts'

/**
 * @param lines "route = …", as in a configuration
 * @param nodes addresses as for startGateway
 * @param change what a master would never send
 */
export function startRuled(
  t: Test,
  lines: readonly string[],
  nodes: readonly string[],
  changes: Partial<Picture> = {},
  change: (rules: RulesPicture) => RulesPicture = rules => rules,
): Promise<TestGateway> {
  const backends = new Map<string, string>()
  const { picture } = readRules(lines, {
    upstream(address, protocol) {
      const key = `to-${protocol}-${address.replace(/[^a-z0-9]/gi, '-')}`
      backends.set(key, `${protocol}://${address}`)
      return key
    },
  })
  const hidden = [...backends].map(([key, address]) => ({
    key,
    nodes: [{ ...nodePicture(address), name: `${key} ${address}` }],
  }))
  return startGateway(
    t,
    nodes,
    { rules: picture.id, ...changes, backends: [...(changes.backends ?? []), ...hidden] },
    {},
    { before: [{ kind: 'rules', rules: change(picture) }] },
  )
}
