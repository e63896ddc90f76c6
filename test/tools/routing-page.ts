// test/tools/routing-page.ts: docs/routing.md: what people wrote, and below it what the tables of the code hold.
import { FAMILY_ENTRIES, FORMS } from '../../config/route-families.ts'
import type { Kind } from '../../routing/rules/action.ts'
import { FUNCTIONS } from '../../routing/rules/functions.ts'
import { ACTION_GROUPS, CONDITION_GROUPS } from '../../routing/rules/kinds.ts'
import { REFUSED_ACTIONS, REFUSED_CONDITIONS, type RefusedKind } from '../../routing/rules/refused-kinds.ts'

const MARK = '<!-- From here on printed by `npm run docs`: a test holds that it is current. -->'

/** @param current the page as it is; null: there is none */
export function routingPage(current: string | null): string {
  const written = (current ?? '').split(MARK)[0]!.trimEnd()
  return `${written}\n\n${MARK}\n\n${tables()}`
}

function tables(): string {
  return [
    '## Options',
    'Each in four forms: `route…` for requests, `error-route…`, `response-route…` and `final-route…` for the other chains.',
    table(
      ['option', 'value', 'the rule'],
      FAMILY_ENTRIES.map(([, { suffix, form, doc, isOurs }]) => [
        `\`route${suffix}\`${ours(isOurs === true)}`,
        code(FORMS[form]),
        suffix === '-status' ? `${doc} Not for requests, which have none.` : doc,
      ]),
    ),
    'Beside them: [`add-header`, `rem-header`, `collect-header`, `pull-header`, `metric`, `route-upstream`, `merge-slashes`, `escaped-slash`](options.md#rules).',
    '## Conditions',
    'Of `route-if` and `route-if-not`.',
    ...CONDITION_GROUPS.map(({ title, kinds }) => `### ${title}\n\n${kindTable(kinds)}`),
    '## Actions',
    ...ACTION_GROUPS.map(({ title, kinds }) => {
      return `### ${title}\n\n${table(
        ['action', 'arguments', 'what it does', 'chains'],
        kinds.map(kind => [...kindRow(kind), kind.chains.length === 4 ? 'all' : kind.chains.join(', ')]),
      )}`
    }),
    '## Variables and functions in arguments',
    '`$0` is what the pattern of this rule matched, `$1` to `$9` are its groups; `${NAME}` is the newest value of a CGI variable, ours or one that a rule wrote; `${FUNCTION[ARGUMENT]}` is one of these. What is absent is empty; what is put in is not looked at again.',
    table(
      ['function', 'value'],
      [...new Set(FUNCTIONS.values())].map(({ syntax, doc, ours: isOurs }) => [
        `${code(`\${${syntax}}`)}${ours(isOurs)}`,
        doc,
      ]),
    ),
    '## Refused',
    'A rule with one of these stops the start: one that was passed over might be the one that keeps somebody out.',
    table(['action', 'why', 'instead'], REFUSED_ACTIONS.map(refusedRow)),
    table(['condition', 'why', 'instead'], REFUSED_CONDITIONS.map(refusedRow)),
    '',
  ].join('\n\n')
}

function kindTable(kinds: readonly Kind[]): string {
  return table(['condition', 'arguments', 'true when'], kinds.map(kindRow))
}

function kindRow({ names, ours: isOurs, syntax, doc }: Kind): string[] {
  return [`${names.map(code).join(' ')}${ours(isOurs)}`, syntax === '' ? '' : code(syntax), doc]
}

function refusedRow({ names, problem, remedy }: RefusedKind): string[] {
  return [names.map(code).join(' '), problem, remedy]
}

function ours(isOurs: boolean): string {
  return isOurs ? ' **ours**' : ''
}

function code(text: string): string {
  return `\`${text}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
