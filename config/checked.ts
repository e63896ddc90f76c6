// config/checked.ts: what a check between options is given, and how it tells what it found.
import type { Place } from './config.ts'
import type { OptionName, Values } from './table.ts'

/** What has been evaluated, and where it stands. */
export interface Checked {
  readonly values: Values
  /** The command line for what nobody wrote. */
  place(option: OptionName, index?: number): Place
}

/** Sentences without their full stop. */
export type Tell = (place: Place, problem: string, remedy: string) => void
