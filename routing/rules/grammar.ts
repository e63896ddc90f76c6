// routing/rules/grammar.ts: takes the line of a rule apart. The first blank ends what is looked at, the first colon behind it
// the name of the action; quotes mean nothing. Pure.
import { FORMS, type Form } from '../../config/route-families.ts'
import { WrongRule } from './action.ts'

/** What stands in front of the action. */
export type HeadText =
  | { readonly kind: 'regex'; readonly pattern: string }
  | { readonly kind: 'named'; readonly name: string; readonly pattern: string }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'condition'; readonly name: string; readonly args: string }
  | { readonly kind: 'action' }

export interface ActionText {
  readonly name: string
  readonly args: string
}

const NO_ACTION = 'Write the action behind one blank, with its colon: last:'
const IN_PATTERN =
  'A blank ends the pattern: write \\s or \\x20 for one inside it, and one blank before the action'

/** @throws WrongRule */
export function splitRule(form: Exclude<Form, 'label'>, text: string): [HeadText, ActionText] {
  if (form === 'action') return [{ kind: 'action' }, readAction(text, NO_ACTION)]
  if (form === 'named') {
    const [name, rest] = cut(text, form)
    const [pattern, action] = cut(rest, form)
    return [{ kind: 'named', name, pattern }, readAction(action, IN_PATTERN)]
  }
  const [head, rest] = cut(text, form)
  if (form === 'regex') return [{ kind: 'regex', pattern: head }, readAction(rest, IN_PATTERN)]
  if (form === 'status') return [{ kind: 'status', status: readStatus(head) }, readAction(rest, NO_ACTION)]
  return [readCondition(head), readAction(rest, 'A blank ends the condition: its arguments can hold none')]
}

function cut(text: string, form: Form): [string, string] {
  const blank = text.indexOf(' ')
  if (blank > 0 && blank < text.length - 1) return [text.slice(0, blank), text.slice(blank + 1)]
  const tab = text.indexOf('\t')
  if (blank < 0 && tab > 0) {
    throw new WrongRule(
      'a tab does not separate the action from what is before it',
      'Write one blank in its place',
    )
  }
  throw new WrongRule(`the action is missing`, `Write ${FORMS[form]}`)
}

function readAction(text: string, remedyForBlank: string): ActionText {
  if (text.startsWith(' ') || text.startsWith('\t')) {
    throw new WrongRule(
      'more than one blank stands before the action',
      'Write one: the second one counts as part of its name',
    )
  }
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const blank = name.search(/[ \t]/)
  if (blank >= 0 && (colon < 0 || blank < colon)) {
    throw new WrongRule(`the name of the action would be ${shown(name)}`, remedyForBlank)
  }
  if (colon < 0)
    throw new WrongRule(
      `the action ${shown(name)} has no colon`,
      `Write ${name}: and its arguments, if it has any`,
    )
  if (colon === 0) throw new WrongRule('the name of the action is missing', NO_ACTION)
  return { name, args: text.slice(colon + 1) }
}

function readCondition(text: string): HeadText {
  const colon = text.indexOf(':')
  if (colon > 0) return { kind: 'condition', name: text.slice(0, colon), args: text.slice(colon + 1) }
  if (colon === 0) throw new WrongRule('the name of the condition is missing', `Write ${FORMS.condition}`)
  throw new WrongRule(`the condition ${shown(text)} has no colon`, `Write ${text}: and its arguments`)
}

function readStatus(text: string): number {
  if (/^[1-5]\d\d$/.test(text)) return Number(text)
  throw new WrongRule(`${shown(text)} is no status`, 'Write a number from 100 to 599')
}

/** One line, short, whatever it holds. */
export function shown(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 79)}…`)
}
