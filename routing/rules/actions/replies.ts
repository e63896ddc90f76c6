// routing/rules/actions/replies.ts: answers that rules make themselves.
import { isBodiless, reasonOf } from '../../../base/status-text.ts'
import { type ActionKind, BEFORE_SENDING, EVERY_CHAIN, WrongRule } from '../action.ts'
import { readPairs, readStatus, readStatusLine } from '../arguments.ts'
import { BREAK, NEXT } from '../ask.ts'
import { isHarmful, locationOf } from '../fields.ts'
import type { Run } from '../run.ts'
import { asBytes, readTemplate, type Template, textOf } from '../template.ts'

const giveBack: ActionKind<number> = {
  names: ['return', 'break-with-status'],
  ours: false,
  syntax: 'CODE',
  doc: "Answers with that status, and the status's name as text.",
  chains: EVERY_CHAIN,
  read: readStatus,
  make: status => run => answer(run, status, '', 'text/plain', reasonOf(status)),
}

/** Produces a whole answer. @param type '' for none */
export function answer(run: Run, status: number, reason: string, type: string, body: string): typeof BREAK {
  const { reply } = run
  reply.reset()
  reply.status = status
  reply.reason = reason
  if (type !== '' && !isBodiless(status)) reply.fields.push(`Content-Type: ${type}`)
  reply.body = isBodiless(status) ? '' : body
  return BREAK
}

const clearHeaders: ActionKind<{ status: number; reason: Template }> = {
  names: ['clearheaders', 'resetheaders'],
  ours: false,
  syntax: 'CODE [REASON]',
  doc:
    'Begins an answer with that status; "send" writes its body, "break:" ends it. In the error chain without these it ' +
    "changes the status of the answer, in the response chain it drops the answer's header fields too.",
  chains: BEFORE_SENDING,
  read(args, reading) {
    const { status } = readStatusLine(args)
    return { status, reason: readTemplate(args.slice(4), reading) }
  },
  make({ status, reason }) {
    const text = textOf(reason)
    return run => {
      const phrase = text(run)
      if (isHarmful(phrase)) return run.refuse(400)
      run.reply.status = status
      run.reply.reason = phrase
      if (run.reply.fields.length > 0) run.reply.fields = []
      return NEXT
    }
  },
}

// Bodies are texts of the configuration with a few values in them.
const BODY_LIMIT = 1_048_576

function sendKind(name: string, end: string, doc: string): ActionKind<Template> {
  return {
    names: [name],
    ours: false,
    syntax: 'TEXT',
    doc,
    chains: BEFORE_SENDING,
    read: readTemplate,
    make(template) {
      const text = textOf(template)
      return run => {
        const { reply } = run
        reply.body += text(run) + end
        reply.isBegun = true
        return reply.body.length > BODY_LIMIT ? run.refuse(500) : NEXT
      }
    },
  }
}

function redirectKind(names: readonly string[], status: number, body: string): ActionKind<Template> {
  return {
    names,
    ours: names[0] === `redirect-${status}`,
    syntax: 'URL',
    doc: `Answers ${status} ${reasonOf(status)} with that Location. Bytes that no URL may hold are percent-encoded.`,
    chains: BEFORE_SENDING,
    read(args, reading) {
      if (args === '') throw new WrongRule('where to is missing', 'Write an URL behind the colon')
      return readTemplate(args, reading)
    },
    make(template) {
      const url = textOf(template)
      return run => {
        answer(run, status, '', '', body)
        run.reply.fields.push(`Location: ${locationOf(url(run))}`)
        return BREAK
      }
    },
  }
}

interface Answer {
  readonly status: number
  readonly reason: string
  readonly type: string
  readonly body: Template
}

const answerKind: ActionKind<Answer> = {
  names: ['answer'],
  ours: true,
  syntax: '[status=CODE,][type=TYPE,]body=TEXT',
  doc:
    'Answers with a body of that type: status is 200 and type text/plain unless given. The text takes the rest of the ' +
    'line, commas included.',
  chains: BEFORE_SENDING,
  read(args, reading) {
    const pairs = readPairs(args, ['status', 'type', 'body'], 'body')
    const type = asBytes(pairs.type ?? 'text/plain')
    if (isHarmful(type)) throw new WrongRule('a type cannot hold line ends', 'Leave them out')
    return {
      ...readStatusLine(pairs.status ?? '200'),
      type,
      body: readTemplate(pairs.body ?? '', reading),
    }
  },
  make({ status, reason, type, body }) {
    const text = textOf(body)
    return run => answer(run, status, reason, type, text(run))
  },
}

export const replyActions: readonly ActionKind[] = [
  giveBack,
  clearHeaders,
  sendKind(
    'send',
    '',
    'Writes a piece of the body. Without clearheaders the status is 200, or the one in hand.',
  ),
  sendKind('send-crnl', '\r\n', 'As "send", with a line end behind it.'),
  redirectKind(['redirect', 'redirect-302'], 302, 'Moved'),
  redirectKind(['redirect-permanent', 'redirect-301'], 301, 'Moved Permanently'),
  ...[300, 303, 307, 308].map(status => redirectKind([`redirect-${status}`], status, reasonOf(status))),
  answerKind,
]
