// config/options/reading.ts: options that say what to read and how.
import { assignment, commaList, flag, text } from '../kinds.ts'
import { flatList, list, option, optionOr } from '../option.ts'

const file = text(
  'FILE[:SECTION]',
  'Write the name of a file, with ":SECTION" for another section than [sluice] or [uwsgi]',
)
const definition = assignment('NAME=VALUE', 'Write NAME=VALUE')
const plugin = commaList(/./, 'it names no plugin', 'NAME[,NAME…]', 'Write names of plugins between commas')

export const readingOptions = {
  title: 'Reading the configuration',
  options: {
    ini: list(file, {
      doc: 'Reads an ini file here; ":SECTION" alone reads another section of the last one. "-" is standard input.',
      immediate: true,
    }),
    include: list(file, {
      doc: 'Reads another file here, by its extension. It does not change %O, %P and the other upper-case magic variables.',
      immediate: true,
    }),
    set: list(definition, {
      doc: 'Sets an option or a placeholder, also where the command line takes no value: --set master=false.',
      short: 'S',
      immediate: true,
    }),
    'set-placeholder': list(definition, {
      doc: 'Defines a placeholder for %(NAME); refused when NAME is an option.',
      aliases: ['set-ph'],
      immediate: true,
    }),
    strict: optionOr(flag, 'true', {
      doc: 'Refuses names that are unknown or not supported; false turns these errors into warnings.',
      argument: 'none',
      immediate: true,
    }),
    plugins: flatList(plugin, {
      doc: 'Plugins of uWSGI: known names are accepted, as Sluice has no plugins to load; unknown ones are warned about.',
      aliases: ['plugin'],
      immediate: true,
    }),
    'need-plugins': flatList(plugin, {
      doc: 'The same, but an unknown name stops the start.',
      aliases: ['need-plugin'],
      immediate: true,
    }),
    'show-config': optionOr(flag, 'false', {
      doc: 'Prints all options in order on standard error, then starts.',
      argument: 'none',
    }),
    help: optionOr(flag, 'false', {
      doc: 'Prints this help.',
      aliases: ['usage'],
      short: 'h',
      argument: 'none',
      immediate: true,
    }),
    version: optionOr(flag, 'false', { doc: 'Prints the version.', argument: 'none' }),
  },
}

export const environmentOptions = {
  title: 'Environment',
  options: {
    env: list(definition, { doc: 'Sets a variable in the environment of the programs that Sluice starts.' }),
    unenv: list(text('NAME', 'Write the name of a variable'), {
      doc: 'Removes a variable from that environment.',
    }),
    chdir: option(text('DIR', 'Write a directory'), {
      doc: 'Runs the programs that Sluice starts in this directory. File names in the configuration stay relative to the start directory.',
    }),
  },
}
