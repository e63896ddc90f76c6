// routing/rules/conditions/text.ts: conditions on texts.
import { type ConditionKind, type Reading, WrongRule } from '../action.ts'
import { HIT, MISS } from '../ask.ts'
import { readTemplate, type Template, textOf } from '../template.ts'

/** Two operands, cut at the first semicolon of the configuration. */
export interface Operands {
  readonly left: Template
  readonly right: Template
}

export function readOperands(args: string, reading: Reading): Operands {
  const semicolon = args.indexOf(';')
  if (semicolon < 0)
    throw new WrongRule(`"${args}" has no second operand`, 'Write two, with ";" between them')
  return {
    left: readTemplate(args.slice(0, semicolon), reading),
    right: readTemplate(args.slice(semicolon + 1), reading),
  }
}

function comparison(
  names: readonly string[],
  doc: string,
  holds: (left: string, right: string) => boolean,
): ConditionKind<Operands> {
  return {
    names,
    ours: false,
    syntax: 'TEXT;TEXT',
    doc,
    read: readOperands,
    make(data) {
      const left = textOf(data.left)
      const right = textOf(data.right)
      return run => (holds(left(run), right(run)) ? HIT : MISS)
    },
  }
}

const empty: ConditionKind<Template> = {
  names: ['empty'],
  ours: false,
  syntax: 'TEXT',
  doc: 'It is empty.',
  read: readTemplate,
  make(template) {
    const text = textOf(template)
    return run => (text(run) === '' ? HIT : MISS)
  },
}

export const textConditions: readonly ConditionKind[] = [
  comparison(['equal', 'isequal', 'eq', '=='], 'Both are the same, byte for byte.', (a, b) => a === b),
  comparison(['startswith'], 'The first begins with the second.', (a, b) => a.startsWith(b)),
  comparison(['endswith'], 'The first ends with the second.', (a, b) => a.endsWith(b)),
  comparison(
    ['contains', 'contain'],
    'The second is somewhere in the first; an empty one never is.',
    (a, b) => b !== '' && a.includes(b),
  ),
  empty,
]
