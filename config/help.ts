// config/help.ts: what `sluice --help` prints, from the option table.
import type { Option } from './option.ts'
import { GROUPS } from './table.ts'

const NAME_COLUMN = 34
const NARROWEST_DOC = 24
const USAGE = `Usage:
  sluice [OPTIONS] [FILE.ini[:SECTION] ...]   run; INT or TERM stops it
  sluice check [OPTIONS] FILE ...             say what is wrong with a config, and start nothing
  sluice explain FILE METHOD URL ...          say what the rules do with a request; see --help of it
  sluice show-config [--json] FILE ...        print every option after all expansion
  sluice reload [--replace] [TARGET]          let a running instance read its config again
  sluice stop [--now] [TARGET]                end a running instance
  sluice status [--json] [TARGET]             say how a running instance is
  sluice why KEY [--json] [TARGET]            say which nodes serve a host, how each is, and why
  sluice subscribe --help                     announce a service to a router: how
  sluice --help | --version

TARGET is --pidfile FILE, --pid N or --control PATH; without it, the only instance that runs.
An option may be written on the command line (--http :8080, --http=:8080) or in an ini file (http = :8080, below
[sluice] or [uwsgi]). Those marked * are Sluice's own; all others mean what they mean to uWSGI.`

/** @param width columns of the terminal */
export function helpText(width = 80): string {
  const groups = GROUPS.flatMap(({ title, options }) => [
    '',
    `${title}:`,
    ...Object.entries(options).flatMap(([name, option]) => entry(name, option, width)),
  ])
  return `${[USAGE, ...groups].join('\n')}\n`
}

/** "-l, --listen N". */
export function usageOf(name: string, option: Option): string {
  const short = option.short === null ? '' : `-${option.short}, `
  const value = { none: '', required: ` ${option.kind.metavar}`, optional: `[=${option.kind.metavar}]` }[
    option.argument
  ]
  return `${short}--${name}${value}`
}

/** "60", "as http-timeout", or '' where a default says nothing. */
export function defaultText(option: Option): string {
  const fallback = option.default
  if (fallback === null) return ''
  if (typeof fallback === 'string') return fallback
  return 'sameAs' in fallback ? `as ${fallback.sameAs}` : fallback.text
}

function entry(name: string, option: Option, width: number): string[] {
  const left = `  ${usageOf(name, option)}${option.ours ? ' *' : ''}`
  const fallback = defaultText(option)
  const isWorthSaying = fallback !== '' && !(option.argument === 'none' && fallback === 'false')
  const doc = isWorthSaying ? `${option.doc} [${fallback}]` : option.doc
  const lines = wrap(doc, Math.max(NARROWEST_DOC, width - NAME_COLUMN))
  const rest = lines.map(line => `${' '.repeat(NAME_COLUMN)}${line}`)
  if (left.length >= NAME_COLUMN - 1) return [left, ...rest]
  return [left.padEnd(NAME_COLUMN) + lines[0]!, ...rest.slice(1)]
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
