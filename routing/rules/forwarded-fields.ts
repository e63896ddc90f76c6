// routing/rules/forwarded-fields.ts: rules that go by what a proxy in front says of its client, where no proxy is believed.
import type { Problem } from '../../config/config.ts'
import { type RuleText, ruleOption } from '../../config/route-lines.ts'

/** The gateway removes them from requests of clients that are no trusted proxies: see gateway/http1/field-names.ts. */
const NAMES = 'FORWARDED|X_FORWARDED_(?:FOR|PROTO|HOST|PORT|PREFIX|SSL)|X_REAL_IP|FRONT_END_HTTPS'
const READ = new RegExp(`\\$\\{(?:[a-z0-9]+\\[)?HTTP_(${NAMES})\\]?\\}`)
const FIELD = new RegExp(`^(${NAMES})$`)
const QUICK = /forwarded|real.ip|front.end/i

/**
 * Warns of each rule that asks for such a field, unless the rules themselves seem to write it. Wrong they are not; but
 * `redirect to https unless X-Forwarded-Proto says so` never ends where that field is never seen.
 */
export function* doubtfulFields(rules: readonly RuleText[]): Generator<Problem> {
  const written = new Set<string>()
  for (const rule of rules) {
    if (!QUICK.test(rule.value)) continue
    const name = nameIn(rule)
    if (name === undefined) addNames(written, rule.value)
    else if (!written.has(name)) yield doubt(rule, name)
  }
}

function nameIn({ family, value }: RuleText): string | undefined {
  if (family !== 'header') return READ.exec(value)?.[1]
  const name = value.trimStart().split(/\s/, 1)[0]!
  return FIELD.exec(name.toUpperCase().replaceAll('-', '_'))?.[1]
}

// Whatever a rule does with it, those behind it may know more than we do.
function addNames(names: Set<string>, text: string): void {
  for (const [name] of text.toUpperCase().replaceAll('-', '_').matchAll(new RegExp(NAMES, 'g')))
    names.add(name)
}

function doubt(rule: RuleText, name: string): Problem {
  const title = name.toLowerCase().replace(/(?:^|_)[a-z]/g, start => start.toUpperCase().replace('_', '-'))
  return {
    place: rule.place,
    problem: `option "${ruleOption(rule)}": it asks for ${title}, which no client may say, as there is no trusted-proxy`,
    remedy: 'Name the networks of your proxies with trusted-proxy',
  }
}
