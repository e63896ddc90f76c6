// routing/rules/actions/flow.ts: where the chain goes on, and where it ends.
import { type ActionKind, EVERY_CHAIN, WrongRule } from '../action.ts'
import { readNothing, readStatusLine } from '../arguments.ts'
import { BREAK, type Code, JUMP, LAST } from '../ask.ts'
import type { Run } from '../run.ts'
import { asBytes, constantOf, readTemplate, type Template, textOf } from '../template.ts'

const last: ActionKind<null> = {
  names: ['last', 'continue'],
  ours: false,
  syntax: '',
  doc: 'Ends the chain: the request goes on to its node, the answer to the client.',
  chains: EVERY_CHAIN,
  read: readNothing,
  make: () => () => LAST,
}

const end: ActionKind<{ status: number; reason: string } | null> = {
  names: ['break'],
  ours: false,
  syntax: '[CODE [REASON]]',
  doc:
    'Answers with that status and no body, then closes the connection. Without arguments what the rules before produced ' +
    'is the answer (see clearheaders, send); if that is nothing, the connection closes without a byte.',
  chains: EVERY_CHAIN,
  read: args => (args === '' ? null : readStatusLine(args)),
  make(data) {
    if (data === null) return () => BREAK
    return run => {
      run.reply.reset()
      run.reply.status = data.status
      run.reply.reason = data.reason
      run.reply.fields.push('Content-Type: text/plain')
      run.reply.closes = true
      return BREAK
    }
  },
}

/** `text` null: `number` is where it goes; else it is what to take when no label has that text, -1: nothing. */
interface Goto {
  readonly text: Template | null
  readonly number: number
}

const goto: ActionKind<Goto> = {
  names: ['goto'],
  ours: false,
  syntax: 'LABEL',
  doc:
    'Goes on at a route-label of the same chain, or at the rule of that number (the first is 0, labels count). Only ' +
    'forward, so there are no loops. The label may have captures and variables; one that is not there ends the ' +
    'request like "break:".',
  chains: EVERY_CHAIN,
  read(args, reading) {
    const template = readTemplate(args, reading)
    const digits = /^[ \t]*\d{1,7}/.exec(args)
    const number = digits === null ? -1 : Number(digits[0])
    if (constantOf(template) === null) return { text: template, number }
    const target = reading.label(args) ?? number
    if (target < 0) throw new WrongRule(`no route-label "${args}" in this chain`, 'Add it, below this rule')
    if (target <= reading.number) {
      throw new WrongRule(`"${args}" stands above this rule`, 'Jump forward: there are no loops')
    }
    return { text: null, number: target }
  },
  make({ text, number }, { place }) {
    if (text === null) return run => jump(run, number)
    const label = textOf(text)
    let hasSpoken = false
    return run => {
      const target = run.chain.label(label(run)) ?? number
      if (target > run.current) return jump(run, target)
      if (!hasSpoken)
        run.world.log(asBytes(`${place}: goto found no label further down: such requests are not answered`))
      hasSpoken = true
      return BREAK
    }
  },
}

function jump(run: Run, target: number): Code {
  run.jump = target
  return JUMP
}

export const flowActions: readonly ActionKind[] = [last, end, goto]
