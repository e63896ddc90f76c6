// config/open-file.ts: from "FILE:SECTION" to the text of a configuration file and the reader of its format.
import type { Place } from './config.ts'
import { type FormatReader, READERS } from './readers.ts'
import { readSource, type Source, type SourceProblem } from './sources.ts'

export interface OpenedFile {
  /** As written, the section cut. */
  readonly file: string
  /** '' for the default one. */
  readonly section: string
  readonly source: Source
  readonly reader: FormatReader
  readonly isIni: boolean
}

/** `place`: where in the file itself, when that is known. */
export type Unopened = SourceProblem & { readonly place?: Place }

/**
 * @param format 'ini' whatever the file's name says, or by its extension
 * @param lastIni what ":SECTION" alone refers to
 */
export function openFile(
  given: string,
  format: 'ini' | 'extension',
  lastIni: string | null,
  cwd: string,
): OpenedFile | Unopened {
  const { file, section } = cutSection(given)
  const name = file === '' ? lastIni : file
  if (name === null) return { problem: `"${given}" names no file`, remedy: 'Write FILE or FILE:SECTION' }
  const extension = format === 'ini' ? 'ini' : extensionOf(name)
  const reader = READERS[extension]
  if (reader === null) return formatLater(extension)
  if (reader === undefined) {
    const remedy = 'Give a file that ends in .ini, or use --ini FILE'
    return { problem: `unable to load configuration from "${given}": its name tells no format`, remedy }
  }
  const source = readSource(name, cwd)
  if ('problem' in source) {
    return source.line === undefined ? source : { ...source, place: { file: name, line: source.line } }
  }
  return { file: name, section, source, reader, isIni: extension === 'ini' }
}

/** What to say to a format that uWSGI reads, by its extension or the option that loads it. */
export function formatLater(what: string): SourceProblem {
  if (what === 'inherit') return { problem: '"inherit" is not supported yet', remedy: 'Use include' }
  if (what === 'config')
    return { problem: '"config" is not supported', remedy: 'Convert the file to ini and use ini' }
  return { problem: `files of the format "${what}" are not supported yet`, remedy: 'Convert the file to ini' }
}

// At the last colon; the one of a URL is no such mark.
function cutSection(given: string): { file: string; section: string } {
  const colon = given.lastIndexOf(':')
  if (colon < 0 || given.startsWith('//', colon + 1)) return { file: given, section: '' }
  return { file: given.slice(0, colon), section: given.slice(colon + 1) }
}

function extensionOf(file: string): string {
  return /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase() ?? ''
}
