// master/rule-files.ts: files that route rules name, looked at while the rules are read: lists of networks, modules of js:.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { NetsPicture } from '../base/nets.ts'
import { readNetFile } from '../routing/nets/read.ts'
import { type RuleFiles, WrongRule } from '../routing/rules/action.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
}

/** Remembers what was named. */
export class NamedFiles implements RuleFiles {
  /** Lists of networks, by absolute name. */
  readonly netFiles = new Map<string, NetsPicture>()
  readonly #directory: string

  /** @param directory where relative names begin */
  constructor(directory: string) {
    this.#directory = directory
  }

  nets(file: string): string {
    const path = resolve(this.#directory, file)
    if (this.netFiles.has(path)) return path
    const nets = readNetFile(readText(path))
    if ('problem' in nets) {
      throw new WrongRule(`${path}:${nets.line}: ${nets.problem}`, 'Write one address or network a line')
    }
    this.netFiles.set(path, nets)
    return path
  }

  js(file: string, _name: string): { readonly file: string; readonly stamp: string } {
    const path = resolve(this.#directory, file)
    return { file: path, stamp: createHash('sha256').update(readText(path)).digest('base64url') }
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw new WrongRule(`cannot read ${path}: ${REASONS[code] ?? code}`, 'Check its path and who may read it')
  }
}
