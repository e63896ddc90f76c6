// routing/rules/actions/variables.ts: what the following rules and the node see of the request.
import { type ActionKind, EVERY_CHAIN, WrongRule } from '../action.ts'
import { fieldOf, isFieldName, isFraming } from '../fields.ts'
import { asBytes, readTemplate, type Template, textOf } from '../template.ts'

interface Variable {
  readonly name: string
  readonly value: Template
}

const addVar: ActionKind<Variable> = {
  names: ['addvar'],
  ours: false,
  syntax: 'NAME=VALUE',
  doc:
    'Sets a variable: for templates of the following rules, and for the node: uwsgi nodes get all of them, http nodes ' +
    'those that begin with HTTP_, as header fields. Subjects stay what they were.',
  chains: EVERY_CHAIN,
  read(args, reading) {
    const equals = args.indexOf('=')
    if (equals <= 0) throw new WrongRule(`"${args}" is no NAME=VALUE`, 'Write "addvar:NAME=VALUE"')
    const name = asBytes(args.slice(0, equals))
    checkName(name)
    return { name, value: readTemplate(args.slice(equals + 1), reading) }
  },
  make({ name, value }) {
    const text = textOf(value)
    return run => run.set(name, text(run))
  },
}

/** @throws WrongRule for variables that stand for fields which rules may not write */
export function checkName(name: string): void {
  const field = fieldOf(name)
  if (field === '' && !name.startsWith('HTTP_')) return
  if (isFraming(field)) {
    throw new WrongRule(`"${name}" belongs to the gateway, which frames messages itself`, 'Remove this rule')
  }
  if (!isFieldName(field))
    throw new WrongRule(`"${name}" stands for no header field`, 'Use letters, digits and "_"')
}

export const variableActions: readonly ActionKind[] = [addVar]
