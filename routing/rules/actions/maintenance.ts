// routing/rules/actions/maintenance.ts: while a file exists, requests are told to come back later.
import { type ActionKind, REQUEST_ONLY, WrongRule } from '../action.ts'
import { readCount, readPairs } from '../arguments.ts'
import { NEXT } from '../ask.ts'
import { askFile } from '../ask-file.ts'
import { isHarmful } from '../fields.ts'
import { asBytes, readTemplate, type Template, textOf } from '../template.ts'
import { answer } from './replies.ts'

interface Maintenance {
  readonly file: Template
  readonly retryAfter: number
  readonly type: string
  readonly body: Template
}

const maintenance: ActionKind<Maintenance> = {
  names: ['maintenance'],
  ours: true,
  syntax: 'file=PATH[,retry-after=SECONDS][,type=TYPE][,body=TEXT]',
  doc:
    'Answers 503 with Retry-After (60 unless given) while that file exists. The body takes the rest of the line, commas ' +
    'included. The file is looked at once a second at most.',
  chains: REQUEST_ONLY,
  read(args, reading) {
    const pairs = readPairs(args, ['file', 'retry-after', 'type', 'body'], 'body')
    if (!pairs.file) throw new WrongRule('the file is missing', 'Write file=PATH')
    const type = asBytes(pairs.type ?? 'text/plain')
    if (isHarmful(type)) throw new WrongRule('a type cannot hold line ends', 'Leave them out')
    return {
      file: readTemplate(pairs.file, reading),
      retryAfter: readCount(pairs['retry-after'] ?? '60', 'number of seconds'),
      type,
      body: readTemplate(pairs.body ?? 'Service Unavailable', reading),
    }
  },
  make({ file, retryAfter, type, body }) {
    const path = textOf(file)
    const text = textOf(body)
    return run =>
      askFile(run, path(run), 'time', (resumed, time) => {
        if (time < 0) return NEXT
        const code = answer(resumed, 503, '', type, text(resumed))
        resumed.reply.fields.push(`Retry-After: ${retryAfter}`)
        return code
      })
  },
}

export const maintenanceActions: readonly ActionKind[] = [maintenance]
