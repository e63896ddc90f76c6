// routing/rules/conditions/files.ts: conditions on files.
import type { ConditionKind } from '../action.ts'
import { HIT, MISS } from '../ask.ts'
import { askFile } from '../ask-file.ts'
import type { FileFacts } from '../source.ts'
import { readTemplate, type Template, textOf } from '../template.ts'

function fileKind(name: string, doc: string, holds: (facts: FileFacts) => boolean): ConditionKind<Template> {
  return {
    names: [name],
    ours: false,
    syntax: 'PATH',
    doc,
    read: readTemplate,
    make(template) {
      const text = textOf(template)
      return run => askFile(run, text(run), (_, facts) => (facts !== null && holds(facts) ? HIT : MISS))
    },
  }
}

export const fileConditions: readonly ConditionKind[] = [
  fileKind('exists', 'There is something by that name that may be read.', facts => facts.isReadable),
  fileKind('isfile', 'It is a regular file.', facts => facts.isFile),
  fileKind('isdir', 'It is a directory.', facts => facts.isDirectory),
  fileKind('islink', 'The name itself is a symbolic link.', facts => facts.isLink),
  fileKind('isexec', 'It may be executed, or entered.', facts => facts.isExecutable),
]
