// config/reading.ts: all sources into one ordered list of options, as uWSGI does it: nothing is merged.
import { splitArguments } from './argv.ts'
import { COMMAND_LINE, type Pair, type Place, type Problem } from './config.ts'
import { machineVariables } from './machine.ts'
import { fileVariables, type MagicVariables, replaceMagic, upperVariables } from './magic.ts'
import { formatLater, type OpenedFile, openFile } from './open-file.ts'
import type { ReadText } from './readers.ts'
import type { SourceProblem } from './sources.ts'
import { knownName } from './table.ts'

/** What the reading needs of the world. */
export interface ReadingWorld {
  readonly cwd: string
  readonly version: string
}

export interface Reading {
  /** In order; placeholders not yet replaced. */
  readonly pairs: readonly Pair[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** Names defined by set-placeholder, which need no other use. */
  readonly defined: ReadonlySet<string>
  /** As written; null when not. */
  readonly strict: boolean | null
  /** As written; null when no file was read. */
  readonly firstFile: string | null
  /** Absolute, in order; a file that was read twice stands there twice. */
  readonly files: readonly string[]
}

// Both mean the same, so that a file of either may be read by the other.
const DEFAULT_SECTIONS = ['sluice', 'uwsgi']
// Beyond these it is a mistake: files that each include two others would be read for hours.
const DEEPEST = 32
const MOST_FILES = 1000

/** Options of the command line, then its files; what these include stands where they include it. */
export function readAll(argv: readonly string[], world: ReadingWorld): Reading {
  const list = new OptionList(world)
  const { pairs, files, problems } = splitArguments(argv)
  list.problems.push(...problems)
  for (const pair of pairs) list.add(pair)
  for (const file of files) list.load(file, COMMAND_LINE, 'extension', true)
  return list
}

class OptionList implements Reading {
  readonly pairs: Pair[] = []
  readonly problems: Problem[] = []
  readonly warnings: Problem[] = []
  readonly defined = new Set<string>()
  strict: boolean | null = null
  firstFile: string | null = null
  readonly files: string[] = []
  readonly #world: ReadingWorld
  readonly #machine: MagicVariables
  #upper: MagicVariables | null = null
  #lastIni: string | null = null
  #opened = 0
  #depth = 0
  /** Files being read with their sections, outermost first. */
  readonly #visits: string[] = []

  constructor(world: ReadingWorld) {
    this.#world = world
    this.#machine = machineVariables(world.cwd, world.version)
  }

  /** Appends an option; those that act while files are read act now. */
  add(pair: Pair): void {
    this.pairs.push(pair)
    const { value, place } = pair
    const text = value ?? ''
    const known = knownName(pair.name)
    if (known?.foreign) this.#refuseUnreadable(pair, known.foreign.kind)
    if (known?.ours === 'ini') this.load(text, place, 'ini', true)
    if (known?.ours === 'include') this.load(text, place, 'extension', false)
    if (known?.ours === 'set') this.#set(text, place)
    if (known?.ours === 'set-placeholder') this.#setPlaceholder(text, place)
    if (known?.ours === 'strict') this.strict = !/^(false|off|no|0)$/i.test(text)
  }

  /** @param fixesUpper whether %N and its like may mean this file; the first one counts */
  load(given: string, place: Place, format: 'ini' | 'extension', fixesUpper: boolean): void {
    if (given === '') return // told when values are evaluated
    if (++this.#opened >= MOST_FILES) {
      const tooMany = { problem: `more than ${MOST_FILES} files are read`, remedy: 'Include less' }
      if (this.#opened === MOST_FILES) this.#wrong(place, tooMany)
      return
    }
    const opened = openFile(given, format, this.#lastIni, this.#world.cwd)
    if ('problem' in opened) {
      this.#wrong(opened.place ?? place, opened)
      return
    }
    this.firstFile ??= opened.file
    if (opened.source.path !== null) this.files.push(opened.source.path)
    const visit = `${opened.source.path ?? opened.file}:${opened.section}`
    if (this.#visits.includes(visit)) {
      this.#wrong(place, {
        problem: `"${given}" includes itself`,
        remedy: 'Take this line out, or one on the way to it',
      })
      return
    }
    this.#visits.push(visit)
    this.#deeper(place, () => this.#read(opened, given, place, fixesUpper))
    this.#visits.pop()
  }

  #read(opened: OpenedFile, given: string, place: Place, fixesUpper: boolean): void {
    const { file, section, source } = opened
    const facts = { given: given.startsWith(':') ? `${file}${given}` : given, section, ...source }
    const lower = fileVariables(facts)
    if (fixesUpper) this.#upper ??= lower
    if (opened.isIni) this.#lastIni = file
    const variables = { ...lower, ...upperVariables(this.#upper), ...this.#machine }
    const sections = section === '' ? DEFAULT_SECTIONS : [section]
    const read = opened.reader(source.text, sections, (text, line) =>
      replaceMagic(text, variables, letter => this.#warnMagic({ file, line }, letter)),
    )
    this.#tellFaults(file, read)
    if (!read.isFound) this.#warnSection(place.file === null ? { file, line: 0 } : place, file, sections)
    for (const { line, name, value } of read.lines) this.add({ name, value, place: { file, line } })
  }

  // An argument that is no NAME=VALUE is told when values are evaluated, here and in #setPlaceholder.
  #set(definition: string, place: Place): void {
    const equals = definition.indexOf('=')
    if (equals < 1) return
    const pair = { name: definition.slice(0, equals), value: definition.slice(equals + 1), place }
    this.#deeper(place, () => this.add(pair))
  }

  #setPlaceholder(definition: string, place: Place): void {
    const equals = definition.indexOf('=')
    if (equals < 1) return
    const name = definition.slice(0, equals)
    if (knownName(name)) {
      const problem = `you cannot use "${name}" as a placeholder: it is an option`
      this.#wrong(place, { problem, remedy: 'Choose another name, or use set' })
      return
    }
    this.defined.add(name)
    this.pairs.push({ name, value: definition.slice(equals + 1), place })
  }

  // What comes after these depends on them: to go on as if they were not there would misread it.
  #refuseUnreadable({ name, place }: Pair, kind: string): void {
    if (kind === 'loader') this.#wrong(place, formatLater(name))
    if (kind !== 'logic' && kind !== 'logic-end') return
    const remedy = 'Write the lines of the block out, or keep a file per case'
    this.#wrong(place, { problem: `"${name}" is not supported yet`, remedy })
  }

  #deeper(place: Place, work: () => void): void {
    if (this.#depth >= DEEPEST) {
      this.#wrong(place, {
        problem: `files are nested more than ${DEEPEST} deep`,
        remedy: 'Include less deeply',
      })
      return
    }
    this.#depth++
    work()
    this.#depth--
  }

  #tellFaults(file: string, { faults }: ReadText): void {
    for (const { line, problem, remedy, isWarning } of faults) {
      const list = isWarning ? this.warnings : this.problems
      list.push({ place: { file, line }, problem, remedy })
    }
  }

  #warnSection(place: Place, file: string, sections: readonly string[]): void {
    const wanted = sections.map(section => `[${section}]`).join(' or ')
    const remedy = `Add the line ${wanted}, or ask for another section by FILE:SECTION`
    this.warnings.push({ place, problem: `"${file}" has no section ${wanted}`, remedy })
  }

  #warnMagic(place: Place, letter: string): void {
    const problem = `"%${letter}" is no magic variable and is left out`
    this.warnings.push({ place, problem, remedy: `Write "%%${letter}" for a percent sign` })
  }

  #wrong(place: Place, { problem, remedy }: SourceProblem): void {
    this.problems.push({ place, problem, remedy })
  }
}
