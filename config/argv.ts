// config/argv.ts: the command line, by the grammar of getopt_long: options in order, then files.
import { COMMAND_LINE, type Pair, type Problem } from './config.ts'
import { didYouMean } from './nearest.ts'
import { READERS } from './readers.ts'
import { allNames, type KnownName, knownName, shortName } from './table.ts'

export interface Arguments {
  readonly pairs: readonly Pair[]
  /** Bare arguments: configuration files, read after all options. */
  readonly files: readonly string[]
  readonly problems: readonly Problem[]
}

/** Pure. Values of options that need none are null; abbreviated names are written out. */
export function splitArguments(argv: readonly string[]): Arguments {
  return new Splitter(argv).split()
}

class Splitter {
  readonly #argv: readonly string[]
  readonly #pairs: Pair[] = []
  readonly #files: string[] = []
  readonly #problems: Problem[] = []
  #next = 0

  constructor(argv: readonly string[]) {
    this.#argv = argv
  }

  split(): Arguments {
    let onlyFiles = false
    while (this.#next < this.#argv.length) {
      const argument = this.#argv[this.#next++]!
      if (!onlyFiles && argument === '--') onlyFiles = true
      else if (onlyFiles || argument === '-' || !argument.startsWith('-')) this.#file(argument)
      else if (argument.startsWith('--')) this.#long(argument)
      else this.#cluster(argument)
    }
    return { pairs: this.#pairs, files: this.#files, problems: this.#problems }
  }

  // The Emperor marks its vassals by arguments such as "[vassal]", which name no file.
  #file(argument: string): void {
    if (!argument.startsWith('[')) this.#files.push(argument)
  }

  #long(argument: string): void {
    const equals = argument.indexOf('=')
    const written = argument.slice(2, equals < 0 ? undefined : equals)
    const attached = equals < 0 ? null : argument.slice(equals + 1)
    const known = this.#find(written)
    if (known === null) {
      if (attached === null) this.#skipValue()
      return
    }
    if (known.argument === 'none' && attached !== null) {
      this.#wrong(
        `option "--${known.name}" takes no value on the command line`,
        `Write --set ${known.name}=${attached}`,
      )
    } else if (known.argument === 'required') {
      this.#withValue(known, `--${known.name}`, attached)
    } else {
      this.#add(known, attached)
    }
  }

  // -MTp4: flags, then at most one option that takes the rest as its value.
  #cluster(argument: string): void {
    const letters = [...argument.slice(1)]
    for (const [i, letter] of letters.entries()) {
      const known = shortName(letter)
      const rest = letters.slice(i + 1).join('')
      if (known === undefined) {
        this.#wrong(`option "-${letter}" is unknown`, 'See "sluice --help" for all options')
        return
      }
      if (known.argument === 'required') {
        this.#withValue(known, `-${letter}`, rest === '' ? null : rest)
        return
      }
      if (known.argument === 'optional') {
        this.#add(known, rest === '' ? null : rest)
        return
      }
      this.#add(known, null)
    }
  }

  #withValue(known: KnownName, written: string, attached: string | null): void {
    const value = attached ?? this.#argv[this.#next++]
    if (value === undefined) this.#wrong(`option "${written}" needs a value`, `Write ${written} VALUE`)
    else this.#add(known, value)
  }

  // What follows a name that nobody knows is its value, to all appearances, and no file.
  #skipValue(): void {
    const next = this.#argv[this.#next]
    if (next !== undefined && !next.startsWith('-') && !isConfigFile(next)) this.#next++
  }

  #find(written: string): KnownName | null {
    const exact = knownName(written)
    if (exact !== undefined) return exact
    const candidates = written === '' ? [] : [...allNames()].filter(known => known.name.startsWith(written))
    const meant = new Set(candidates.map(known => known.ours ?? known.name))
    if (meant.size === 1) return candidates[0]!
    if (meant.size === 0) this.#wrong(`option "--${written}" is unknown`, didYouMean(written, '--'))
    else this.#wrong(`option "--${written}" is ambiguous`, `Write it out: ${someOf(candidates)}`)
    return null
  }

  #add(known: KnownName, value: string | null): void {
    this.#pairs.push({ name: known.name, value, place: COMMAND_LINE })
  }

  #wrong(problem: string, remedy: string): void {
    this.#problems.push({ place: COMMAND_LINE, problem, remedy })
  }
}

function isConfigFile(word: string): boolean {
  const extension = /\.([a-z]+)(:[^:]*)?$/i.exec(word)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(READERS, extension)
}

function someOf(candidates: readonly KnownName[]): string {
  const names = candidates.map(known => `--${known.name}`)
  return names.length <= 4
    ? names.join(', ')
    : `${names.slice(0, 4).join(', ')} or ${names.length - 4} others`
}
