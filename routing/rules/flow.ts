// routing/rules/flow.ts: what a rule means for those behind it: whether it ends its chain, where it leads, what it may change.
import type { RulePicture } from '../../base/rules-picture.ts'
import type { RuleText } from '../../config/route-lines.ts'
import type { FlowRule } from './never-runs.ts'
import type { RuleKinds } from './rule-kinds.ts'

/** Actions behind which no rule of the chain runs, whatever the request. Those that may also let it go on are not here. */
export const ENDING: ReadonlySet<string> = new Set([
  'last',
  'continue',
  'break',
  'return',
  'break-with-status',
  'redirect',
  'redirect-302',
  'redirect-permanent',
  'redirect-301',
  'redirect-300',
  'redirect-303',
  'redirect-307',
  'redirect-308',
  'rewrite-last',
  'http',
  'proxyhttp',
  'httpdumb',
  'uwsgi',
  'proxyuwsgi',
  'answer',
])

/** Actions that change nothing that a test of the request could see. */
export const TOUCHING_NOTHING: ReadonlySet<string> = new Set([
  'goto',
  'addheader',
  'delheader',
  'remheader',
  'log',
  'logvar',
  'donotlog',
  'donotoffload',
  'alarm',
  'expires',
  'harakiri',
  'allow',
  'deny',
  'limit',
  'max-inflight',
  'mirror',
])

/** Conditions that give the same answer to the same text; not those that look at files. */
const STEADY = new Set(
  'equal isequal eq == startswith endswith contains contain regexp re empty ishigher > islower < ishigherequal >= islowerequal <= ipv4in ipv6in'.split(
    ' ',
  ),
)
/** Functions whose value is another one each time. */
const UNSTEADY = /\$\{(time|uwsgi|httptime|metric|math)\[/
/** Subjects that each request has: a pattern that matches any text always matches these. */
const PRESENT = new Set(['path', 'uri', 'query', 'address', 'method'])
const ANY_TEXT = new Set(['.*', '^.*', '^', '.*?', '^.*?', '$', '.*$'])
const LONGEST_ANY = 4

/** @param label number of the rule with that label */
export function flowOf(
  { test, action }: RulePicture,
  { family, value }: RuleText,
  kinds: RuleKinds,
  label: (text: string) => number | undefined,
): FlowRule {
  if (test.kind === 'label') return LABEL
  const { ends, touchesNothing } = kindOf(action.name, kinds)
  const head = test.kind === 'always' ? '' : value.slice(0, headLength(family, value))
  return {
    isLabel: false,
    isAlways:
      test.kind === 'always' || (head.length <= LONGEST_ANY && PRESENT.has(family) && ANY_TEXT.has(head)),
    ends,
    jump: action.name === 'goto' ? target(value.slice(value.indexOf(':', head.length) + 1), label) : null,
    subject: family,
    test: isSteady(test.kind, head) ? head : null,
    writes: !ends && !touchesNothing,
  }
}

const LABEL: FlowRule = {
  isLabel: true,
  isAlways: true,
  ends: false,
  jump: null,
  subject: 'label',
  test: null,
  writes: false,
}

interface ActionFlow {
  readonly ends: boolean
  readonly touchesNothing: boolean
}

// By the names of an action, as it is asked for every rule: a file may have 100,000.
const FLOWS = new WeakMap<readonly string[], ActionFlow>()

function kindOf(action: string, kinds: RuleKinds): ActionFlow {
  const names = kinds.actions.get(action)?.names ?? []
  const known = FLOWS.get(names)
  if (known !== undefined) return known
  const flow = {
    ends: names.some(name => ENDING.has(name)),
    touchesNothing: names.some(name => TOUCHING_NOTHING.has(name)),
  }
  FLOWS.set(names, flow)
  return flow
}

function headLength(family: RuleText['family'], value: string): number {
  const first = value.indexOf(' ')
  return family === 'header' || family === 'cookie' ? value.indexOf(' ', first + 1) : first
}

function isSteady(kind: RulePicture['test']['kind'], head: string): boolean {
  if (kind === 'always') return false
  return kind !== 'condition' || (STEADY.has(head.slice(0, head.indexOf(':'))) && !UNSTEADY.test(head))
}

function target(args: string, label: (text: string) => number | undefined): number | 'anywhere' {
  if (args.includes('$')) return 'anywhere'
  return label(args) ?? (/^\s*\d+/.test(args) ? Number.parseInt(args, 10) : 'anywhere')
}
