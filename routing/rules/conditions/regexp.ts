// routing/rules/conditions/regexp.ts: a regular expression held against any text.
import { type ConditionKind, WrongRule } from '../action.ts'
import { HIT, MISS } from '../ask.ts'
import { type Matcher, matcherOf } from '../pattern.ts'
import { readTemplate, type Template, textOf } from '../template.ts'

interface Search {
  readonly text: Template
  readonly pattern: unknown
}

const regexp: ConditionKind<Search> = {
  names: ['regexp', 're'],
  ours: false,
  syntax: 'TEXT;REGEX',
  doc: 'The expression matches somewhere in the text; the action sees its groups as $1 to $9, and all of it as $0.',
  read(args, reading) {
    const semicolon = args.indexOf(';')
    if (semicolon < 0) throw new WrongRule(`"${args}" has no expression`, 'Write "TEXT;REGEX"')
    return {
      text: readTemplate(args.slice(0, semicolon), reading),
      pattern: reading.pattern(args.slice(semicolon + 1)),
    }
  },
  make({ text, pattern }) {
    const subject = textOf(text)
    let matcher: Matcher | null = null
    return run => {
      const value = subject(run)
      matcher ??= matcherOf(pattern)
      if (value.length > matcher.longest) return run.refuse(400)
      run.captures = matcher.exec(value)
      return run.captures === null ? MISS : HIT
    }
  },
}

export const regexpConditions: readonly ConditionKind[] = [regexp]
