// config/route-families.ts: how rules are written: one option for each chain and each thing that a rule may look at.

/** Chains of rules, by what their options begin with. */
export const CHAINS = [
  ['request', ''],
  ['error', 'error-'],
  ['response', 'response-'],
  ['final', 'final-'],
] as const

export type Chain = (typeof CHAINS)[number][0]

/** What stands in front of the action. */
export const FORMS = {
  regex: 'REGEX ACTION:ARGS',
  named: 'NAME REGEX ACTION:ARGS',
  status: 'CODE ACTION:ARGS',
  condition: 'CONDITION:ARGS ACTION:ARGS',
  action: 'ACTION:ARGS',
  label: 'NAME',
} as const

export type Form = keyof typeof FORMS

interface FamilyFacts {
  readonly suffix: string
  readonly form: Form
  readonly doc: string
  readonly isOurs?: true
}

/** By what a rule looks at. */
export const FAMILIES = {
  path: { suffix: '', form: 'regex', doc: 'Acts when the path, decoded, matches.' },
  uri: { suffix: '-uri', form: 'regex', doc: 'Acts when the target as sent, query included, matches.' },
  query: { suffix: '-qs', form: 'regex', doc: 'Acts when the query matches.' },
  host: {
    suffix: '-host',
    form: 'regex',
    doc: 'Acts when the Host header, in lower case and with its port, matches.',
  },
  address: { suffix: '-remote-addr', form: 'regex', doc: "Acts when the client's address matches." },
  agent: { suffix: '-user-agent', form: 'regex', doc: 'Acts when the header User-Agent matches.' },
  referer: { suffix: '-referer', form: 'regex', doc: 'Acts when the header Referer matches.' },
  user: {
    suffix: '-remote-user',
    form: 'regex',
    doc: 'Acts when the name of the user who logged in matches.',
  },
  method: { suffix: '-method', form: 'regex', doc: 'Acts when the method matches.', isOurs: true },
  header: {
    suffix: '-header',
    form: 'named',
    doc: 'Acts when this header of the request matches.',
    isOurs: true,
  },
  cookie: { suffix: '-cookie', form: 'named', doc: 'Acts when this cookie matches.', isOurs: true },
  status: { suffix: '-status', form: 'status', doc: 'Acts when the answer has this status.' },
  if: { suffix: '-if', form: 'condition', doc: 'Acts when the condition holds.' },
  'if-not': { suffix: '-if-not', form: 'condition', doc: 'Acts when the condition does not hold.' },
  run: { suffix: '-run', form: 'action', doc: 'Acts always.' },
  label: { suffix: '-label', form: 'label', doc: 'A place that goto: leads to.' },
} as const satisfies Readonly<Record<string, FamilyFacts>>

export type Family = keyof typeof FAMILIES

export const FAMILY_ENTRIES = Object.entries(FAMILIES) as readonly (readonly [Family, FamilyFacts])[]

type Prefix = (typeof CHAINS)[number][1]
type Suffix = (typeof FAMILIES)[Family]['suffix']
/** "route", "error-route-if-not". There is no status before there is an answer. */
export type RouteOptionName = Exclude<`${Prefix}route${Suffix}`, 'route-status'>
