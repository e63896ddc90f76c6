// config/docs.ts: docs/options.md, from the option table.
import { defaultText, usageOf } from './help.ts'
import type { Option } from './option.ts'
import { GROUPS } from './table.ts'

const INTRODUCTION = `# Options

Printed from the option table by \`npm run docs\`; a test holds that it is current.

An option is written on the command line (\`--http :8080\` or \`--http=:8080\`) or in an ini file
(\`http = :8080\`, in the section \`[sluice]\` or \`[uwsgi]\`). Options that take no value are switches: \`--master\` on
the command line; \`master = true\` or \`master = false\` in a file. To switch one off on the command line, write
\`--set master=false\`. A value in brackets is optional, and on the command line it counts only when attached:
\`--http-keepalive=30\`.

Names mean what they mean to uWSGI. Those marked **ours** are not known to uWSGI. Of an option that is given twice
the last value counts, unless it is marked **repeatable**. Lengths of time are seconds, or a number with \`s\`, \`m\`,
\`h\` or \`d\`; sizes are bytes, or a number with \`k\`, \`m\` or \`g\`.

An option of uWSGI that is missing here stops the start with a message that says what to do instead, and so does a
name that nobody knows. \`strict = false\` turns both into warnings.

Values may refer to the environment, \`$(NAME)\`, to the content of a file, \`@(FILE)\`, and to other options and names,
\`%(NAME)\`. In files, \`%d\` is the directory of the file, with a slash at its end; \`%n\` its name without extension,
\`%s\` its name, \`%p\` its path, \`%h\` the name of this machine, \`%v\` the start directory, and \`%%\` a percent sign.
`

/** The whole file. */
export function optionsPage(): string {
  const groups = GROUPS.filter(({ options }) => Object.keys(options).length > 0).map(
    ({ title, options }) =>
      `\n## ${title}\n\n${Object.entries(options)
        .map(([name, option]) => entry(name, option))
        .join('\n')}`,
  )
  return `${INTRODUCTION}${groups.join('')}`
}

function entry(name: string, option: Option): string {
  const marks = [
    ...(option.ours ? ['**ours**'] : []),
    ...(option.repeats === 'last' ? [] : ['**repeatable**']),
    ...(defaultText(option) === '' ? [] : [`default: ${defaultText(option)}`]),
    ...(option.aliases.length === 0
      ? []
      : [`also: ${option.aliases.map(alias => `\`${alias}\``).join(', ')}`]),
    `since ${option.since}`,
  ]
  return `### ${name}\n\n\`${usageOf(name, option)}\`\n\n${option.doc}\n\n${marks.join(' · ')}\n`
}
