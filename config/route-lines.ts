// config/route-lines.ts: rules and header edits of a configuration, in the order of their lines, whatever options they are of.
import type { Pair, Place } from './config.ts'
import { CHAINS, type Chain, FAMILIES, FAMILY_ENTRIES, type Family } from './route-families.ts'

/** A rule as written. */
export interface RuleText {
  readonly chain: Chain
  readonly family: Family
  readonly value: string
  readonly place: Place
}

/** A header edit as written. */
export interface HeaderText {
  readonly kind: 'add' | 'remove' | 'collect' | 'pull'
  readonly value: string
  readonly place: Place
}

const RULES = new Map<string, { readonly chain: Chain; readonly family: Family }>()
for (const [chain, prefix] of CHAINS) {
  for (const [family, { suffix }] of FAMILY_ENTRIES) RULES.set(`${prefix}route${suffix}`, { chain, family })
}
const HEADERS = new Map<string, HeaderText['kind']>([
  ['add-header', 'add'],
  ['rem-header', 'remove'],
  ['del-header', 'remove'],
  ['collect-header', 'collect'],
  ['response-header-collect', 'collect'],
  ['pull-header', 'pull'],
])

/** Pure. @param pairs after all expansion; what is no rule and no header edit is passed over */
export function routeLines(pairs: readonly Pair[]): {
  readonly rules: readonly RuleText[]
  readonly headers: readonly HeaderText[]
} {
  const rules: RuleText[] = []
  const headers: HeaderText[] = []
  for (const { name, value, place } of pairs) {
    const text = value ?? ''
    const rule = RULES.get(name)
    if (rule !== undefined) rules.push({ chain: rule.chain, family: rule.family, value: text, place })
    const edit = HEADERS.get(name)
    if (edit !== undefined) headers.push({ kind: edit, value: text, place })
  }
  return { rules, headers }
}

/** "error-route-if-not". */
export function ruleOption({ chain, family }: Pick<RuleText, 'chain' | 'family'>): string {
  return `${CHAINS.find(([name]) => name === chain)![1]}route${FAMILIES[family].suffix}`
}
