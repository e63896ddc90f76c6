// config/readers.ts: which file formats there are. A new format is one more line in this table.
import { readIni } from './ini.ts'

/** One option of a file. */
export interface ReadLine {
  readonly line: number
  readonly name: string
  readonly value: string
}

/** What a file holds. */
export interface ReadText {
  readonly lines: readonly ReadLine[]
  /** Whether the section asked for is there. */
  readonly isFound: boolean
  readonly faults: readonly Fault[]
}

/** What is wrong with a line; sentences without their full stop. */
export interface Fault {
  readonly line: number
  readonly problem: string
  readonly remedy: string
  readonly isWarning?: true
}

/**
 * Pure. @param sections names that stand for the section asked for, any of them
 * @param replaceMagic puts magic variables into a piece of the text that begins at `line`
 */
export type FormatReader = (
  text: string,
  sections: readonly string[],
  replaceMagic: (text: string, line: number) => string,
) => ReadText

/** By extension; null: known to uWSGI, not supported yet. */
export const READERS: Readonly<Record<string, FormatReader | null>> = {
  ini: readIni,
  xml: null,
  yaml: null,
  yml: null,
  json: null,
  js: null,
}
