// config/show.ts: what `sluice check` and `sluice show-config` print about a configuration that was loaded.
import { type Pair, type Problem, problemText } from './config.ts'
import type { Loaded } from './load.ts'

/** What a command writes, and its exit code. Texts end in a newline or are empty. */
export interface Report {
  readonly out: string
  readonly err: string
  readonly exit: 0 | 1
}

type LoadedOptions = Exclude<Loaded, { kind: 'command' }>

/** Everything that is wrong or doubtful, in the words of a start, and what is accepted without effect. */
export function checkText(loaded: LoadedOptions): Report {
  if (loaded.kind === 'problems') {
    return { out: '', err: problemsText(loaded.problems, loaded.warnings), exit: 1 }
  }
  const { warnings, notes } = loaded.config
  const noted = notes.map(note => `${problemText(note, 'note')}\n`).join('')
  return { out: 'The configuration is correct.\n', err: problemsText([], warnings) + noted, exit: 0 }
}

/** Warnings first, so that what stopped the start is what stands last. */
export function problemsText(problems: readonly Problem[], warnings: readonly Problem[]): string {
  const lines = [
    ...warnings.map(warning => problemText(warning, 'warning')),
    ...problems.map(problem => problemText(problem)),
  ]
  return lines.map(line => `${line}\n`).join('')
}

/**
 * All options in order after expansion, nothing added. Shown for a configuration that would not start, too,
 * as long as it could be read: this is how one finds out why.
 */
export function showText(loaded: LoadedOptions, form: 'ini' | 'json'): Report {
  if (loaded.kind === 'config') {
    const { pairs, warnings } = loaded.config
    return { out: pairsText(pairs, form), err: problemsText([], warnings), exit: 0 }
  }
  const { problems, warnings, pairs } = loaded
  const err = problemsText(problems, warnings)
  return pairs === null ? { out: '', err, exit: 1 } : { out: pairsText(pairs, form), err, exit: 0 }
}

/** As an ini file that means the same, or as `[["option","value"],…]`. */
export function pairsText(pairs: readonly Pair[], form: 'ini' | 'json'): string {
  if (form === 'ini') {
    return ['[sluice]', ...pairs.map(pair => `${pair.name} = ${escapeMagic(shown(pair))}`), ''].join('\n')
  }
  const lines = pairs.map(pair => `  ${JSON.stringify([pair.name, shown(pair)])}`)
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`
}

// A flag of the command line has no value of its own.
function shown({ value }: Pair): string {
  return value ?? 'true'
}

// In a file, a percent sign begins a magic variable unless it is doubled; "%(" stays as it is.
function escapeMagic(value: string): string {
  return value.replace(/%(?!\()/g, '%%')
}
