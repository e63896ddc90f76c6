// config/options/routes.ts: route rules, and what else edits requests and answers by lines. Their order across all of these
// options is the order of the lines: see route-lines.ts.
import { flag, oneOf, text } from '../kinds.ts'
import { metricLine } from '../metric-kind.ts'
import { list, type Option, optionOr } from '../option.ts'
import { CHAINS, type Chain, FAMILY_ENTRIES, type RouteOptionName } from '../route-families.ts'
import { headerAddition, headerName, headerVariable, ruleLine } from '../route-kinds.ts'

const WHEN: Readonly<Record<Chain, string>> = {
  request: '',
  error: "For each status line, ours or a node's: ",
  response: 'Before the head of an answer is sent: ',
  final: 'After an answer was sent: ',
}

function ruleOptions(): Readonly<Record<RouteOptionName, Option<readonly string[]>>> {
  const options: Partial<Record<RouteOptionName, Option<readonly string[]>>> = {}
  for (const [chain, prefix] of CHAINS) {
    for (const [family, { suffix, doc, form, isOurs }] of FAMILY_ENTRIES) {
      if (chain === 'request' && family === 'status') continue
      options[`${prefix}route${suffix}` as RouteOptionName] = list(ruleLine(form), {
        doc: `${WHEN[chain]}${doc}`,
        ...(isOurs ? { ours: true } : {}),
      })
    }
  }
  return options as Record<RouteOptionName, Option<readonly string[]>>
}

export const routeOptions = {
  title: 'Rules',
  options: {
    ...ruleOptions(),
    'add-header': list(headerAddition, { doc: 'Adds this line to every answer.' }),
    'rem-header': list(headerName, {
      doc: 'Takes this header out of every answer of a node.',
      aliases: ['del-header'],
    }),
    'collect-header': list(headerVariable, {
      doc: 'Copies a header of the answer into a variable for rules.',
      aliases: ['response-header-collect'],
    }),
    'pull-header': list(headerVariable, {
      doc: 'Moves a header of the answer into a variable for rules.',
    }),
    metric: list(metricLine, {
      doc: 'A number that rules count with (metricinc and the like): a name, or name=NAME,oid=OID.',
    }),
    'route-upstream': list(
      text('ADDRESS|KEY', 'Write an address such as 10.0.0.7:3000, or the key of a backend'),
      {
        doc: 'What an action whose address comes from the request (http: with a variable in it) may lead to; repeat it for more. Nothing else is ever connected to.',
        ours: true,
      },
    ),
    'merge-slashes': optionOr(flag, 'true', {
      doc: 'Runs of slashes in a path count as one for rules, and http nodes get them so.',
      ours: true,
    }),
    'escaped-slash': optionOr(oneOf(['decode', 'keep', 'reject']), 'decode', {
      doc: 'What %2f in a path is to rules, and then to http nodes: a slash, three characters, or a reason for 400. The same for %5c, as some servers take a backslash for a slash.',
      ours: true,
    }),
  },
}
