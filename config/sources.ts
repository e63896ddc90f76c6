// config/sources.ts: the text behind a name in the configuration: a file, or standard input.

import { isUtf8 } from 'node:buffer'
import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** Why a source cannot be read. */
export interface SourceProblem {
  readonly problem: string
  readonly remedy: string
  /** Where in the source, when it is there and only its content is wrong; from 1. */
  readonly line?: number
}

export interface Source {
  readonly text: string
  /** Absolute, directories resolved; null for standard input. */
  readonly path: string | null
  readonly inode: string
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'part of its path is no directory',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'its links run in a circle',
  ENAMETOOLONG: 'its name is too long',
  ERR_FS_FILE_TOO_LARGE: 'it is too large',
}
const LATER = new Set(['exec', 'http', 'fd', 'emperor'])

/** @param name a path relative to `cwd`, or "-" for standard input, read to its end */
export function readSource(name: string, cwd: string): Source | SourceProblem {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(name)?.[1]?.toLowerCase()
  if (scheme !== undefined) return refuseScheme(scheme, name)
  try {
    if (name === '-') return decode(readFileSync(0), name, null, '')
    const file = resolve(cwd, name)
    const bytes = readFileSync(file)
    return decode(bytes, name, canonicalPath(file), String(statSync(file).ino))
  } catch (error) {
    return unreadable(name, cwd, error as NodeJS.ErrnoException)
  }
}

// A link keeps its own name: it is how one file serves several configurations.
function canonicalPath(file: string): string {
  if (lstatSync(file).isSymbolicLink()) return join(realpathSync(dirname(file)), basename(file))
  return realpathSync(file)
}

function decode(bytes: Buffer, name: string, path: string | null, inode: string): Source | SourceProblem {
  const nul = bytes.indexOf(0)
  if (nul >= 0) {
    return { problem: `"${name}" holds a NUL byte`, remedy: 'Give a text file', line: lineAt(bytes, nul) }
  }
  if (!isUtf8(bytes)) {
    return { problem: `"${name}" is not UTF-8 text`, remedy: 'Save it as UTF-8', line: firstBadLine(bytes) }
  }
  return { text: bytes.toString().replace(/^\ufeff/, ''), path, inode }
}

function lineAt(bytes: Buffer, offset: number): number {
  return bytes.toString('latin1', 0, offset).split('\n').length
}

// A line break is never part of a longer character.
function firstBadLine(bytes: Buffer): number {
  const lines = bytes.toString('latin1').split('\n')
  return lines.findIndex(line => !isUtf8(Buffer.from(line, 'latin1'))) + 1
}

function refuseScheme(scheme: string, name: string): SourceProblem {
  if (!LATER.has(scheme))
    return { problem: `"${name}" cannot be read: ${scheme}:// is no source of text`, remedy: 'Give a file' }
  const remedy =
    scheme === 'exec'
      ? 'Run the command beforehand and give a file'
      : 'Give a file, or "-" for standard input'
  return { problem: `reading from ${scheme}:// is not supported yet`, remedy }
}

function unreadable(name: string, cwd: string, error: NodeJS.ErrnoException): SourceProblem {
  const reason = REASONS[error.code ?? ''] ?? error.code ?? 'it cannot be opened'
  const problem = `cannot read "${name}": ${reason}`
  if (error.code !== 'ENOENT') return { problem, remedy: 'Check the file and who may read it' }
  if (/[%$@]\(/.test(name))
    return { problem, remedy: 'Placeholders are not replaced where files are read: write the path out' }
  if (name.startsWith('/')) return { problem, remedy: 'Correct the path' }
  return {
    problem,
    remedy: `Paths are relative to the start directory, ${cwd}; write %d before one beside the file that names it`,
  }
}
