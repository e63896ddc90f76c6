// routing/rules/conditions/numbers.ts: conditions on numbers.
import type { ConditionKind } from '../action.ts'
import { leadingNumber } from '../arguments.ts'
import { HIT, MISS } from '../ask.ts'
import { textOf } from '../template.ts'
import { type Operands, readOperands } from './text.ts'

function comparison(
  names: readonly string[],
  doc: string,
  holds: (left: number, right: number) => boolean,
): ConditionKind<Operands> {
  return {
    names,
    ours: false,
    syntax: 'NUMBER;NUMBER',
    doc: `The first is ${doc} the second. Digits at the beginning count, a text without any is 0.`,
    read: readOperands,
    make(data) {
      const left = textOf(data.left)
      const right = textOf(data.right)
      return run => (holds(leadingNumber(left(run)), leadingNumber(right(run))) ? HIT : MISS)
    },
  }
}

export const numberConditions: readonly ConditionKind[] = [
  comparison(['ishigher', '>'], 'greater than', (a, b) => a > b),
  comparison(['ishigherequal', '>='], 'greater than or equal to', (a, b) => a >= b),
  comparison(['islower', '<'], 'less than', (a, b) => a < b),
  comparison(['islowerequal', '<='], 'less than or equal to', (a, b) => a <= b),
]
