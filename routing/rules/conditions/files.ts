// routing/rules/conditions/files.ts: conditions on files.
import type { ConditionKind } from '../action.ts'
import { HIT, MISS } from '../ask.ts'
import { askFile } from '../ask-file.ts'
import type { FileQuestion } from '../source.ts'
import { readTemplate, type Template, textOf } from '../template.ts'

function fileKind(name: string, question: FileQuestion, doc: string): ConditionKind<Template> {
  return {
    names: [name],
    ours: false,
    syntax: 'PATH',
    doc,
    read: readTemplate,
    make(template) {
      const text = textOf(template)
      return run => askFile(run, text(run), question, (_, answer) => (answer === 1 ? HIT : MISS))
    },
  }
}

export const fileConditions: readonly ConditionKind[] = [
  fileKind('exists', 'exists', 'There is something by that name that may be read.'),
  fileKind('isfile', 'file', 'It is a regular file.'),
  fileKind('isdir', 'directory', 'It is a directory.'),
  fileKind('islink', 'link', 'The name itself is a symbolic link.'),
  fileKind('isexec', 'executable', 'It may be executed, or entered.'),
]
