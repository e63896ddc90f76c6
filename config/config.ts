// config/config.ts: what a configuration is once read: ordered pairs, typed values, and the place of each.
import type { HeaderText, RuleText } from './route-lines.ts'
import type { Values } from './table.ts'

/** Where something was written. `file` null: the command line. `line` counts from 1; 0: the file as a whole. */
export interface Place {
  readonly file: string | null
  readonly line: number
}

/** One option as written. `value` null: a flag on the command line; '': a name without "=" in a file. */
export interface Pair {
  readonly name: string
  readonly value: string | null
  readonly place: Place
}

/** What is wrong and how to cure it: sentences without their full stop. `remedy` may be ''. */
export interface Problem {
  readonly place: Place
  readonly problem: string
  readonly remedy: string
}

/** A whole configuration, frozen to its last value. Lengths of time are in milliseconds, sizes in bytes. */
export interface Config {
  /** Every option in order after all expansion, nothing added. */
  readonly pairs: readonly Pair[]
  /** Typed values by canonical name, defaults included. */
  readonly values: Values
  /** Route rules and header edits of all options, in the order of their lines. */
  readonly rules: readonly RuleText[]
  readonly headers: readonly HeaderText[]
  /** Where an option got its value; `index` counts the values of a repeatable one. Absent: the command line. */
  place(option: keyof Values, index?: number): Place
  /**
   * Absolute paths of all files that this configuration came from, each once, in the order they were read: those of the
   * command line, their includes, then those of @(FILE). Standard input is none.
   */
  readonly files: readonly string[]
  /** Worth showing at every start. */
  readonly warnings: readonly Problem[]
  /** Worth showing by `sluice check` only: options that are accepted and have no effect. */
  readonly notes: readonly Problem[]
}

export const COMMAND_LINE: Place = Object.freeze({ file: null, line: 0 })

/** "FILE:LINE", "FILE" or "command line". */
export function placeText(place: Place): string {
  if (place.file === null) return 'command line'
  return place.line === 0 ? place.file : `${place.file}:${place.line}`
}

/** "FILE:LINE: problem. Remedy." The level is named unless the thing is an error. */
export function problemText(problem: Problem, level: 'error' | 'warning' | 'note' = 'error'): string {
  const label = level === 'error' ? '' : `${level}: `
  const remedy = problem.remedy === '' ? '' : ` ${sentence(problem.remedy)}`
  return visible(`${placeText(problem.place)}: ${label}${sentence(problem.problem)}${remedy}`)
}

/** Names and values may hold anything, and a terminal obeys control characters: these are written out. */
export function visible(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}
