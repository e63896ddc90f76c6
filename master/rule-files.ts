// master/rule-files.ts: files that route rules name, looked at while the rules are read: lists of networks, modules of js:.
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { NetsPicture } from '../base/nets.ts'
import { readNetFile } from '../routing/nets/read.ts'
import { type RuleFiles, WrongRule } from '../routing/rules/action.ts'
import { type RunAs, type Shown, showModule } from './js-modules.ts'

/** Bytes; as much as is taken when the list is read again. */
const MOST_NETS = 256 * 1024 * 1024
const MOST_MODULE = 64 * 1024 * 1024
/** A FIFO would hold the start until somebody writes to it. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK

interface Module {
  /** Of it and all that it loads. */
  readonly stamp: string
  readonly names: readonly string[]
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  ENXIO: 'it is no file',
}

/** Remembers what was named. */
export class NamedFiles implements RuleFiles {
  /** Lists of networks, by absolute name. */
  readonly netFiles = new Map<string, NetsPicture>()
  readonly #directory: string
  readonly #user: RunAs | null
  readonly #shown: ReadonlyMap<string, Shown> | null
  readonly #modules = new Map<string, Module>()

  /**
   * @param directory where relative names begin
   * @param user as whom modules are loaded; null: as we are
   * @param shown what modules of js: export, by absolute name, where it is known; others are waited for. null: none
   *   may be loaded, and each has what rules want of it
   */
  constructor(
    directory: string,
    user: RunAs | null = null,
    shown: ReadonlyMap<string, Shown> | null = new Map(),
  ) {
    this.#directory = directory
    this.#user = user
    this.#shown = shown
  }

  path(file: string): string {
    return resolve(this.#directory, file)
  }

  trouble(file: string): string {
    try {
      open(file, Number.POSITIVE_INFINITY, () => undefined)
      return ''
    } catch (error) {
      return reasonOf(error)
    }
  }

  nets(file: string): string {
    const path = this.path(file)
    if (this.netFiles.has(path)) return path
    const nets = readNetFile(readText(path, MOST_NETS))
    if ('problem' in nets) {
      throw new WrongRule(`${path}:${nets.line}: ${nets.problem}`, 'Write one address or network a line')
    }
    this.netFiles.set(path, nets)
    return path
  }

  js(file: string, name: string): { readonly file: string; readonly stamp: string } {
    const path = this.path(file)
    if (this.#shown === null) return { file: path, stamp: '' }
    const module = this.#modules.get(path) ?? this.#load(path)
    this.#modules.set(path, module)
    if (module.names.includes(name)) return { file: path, stamp: module.stamp }
    const known = module.names.length === 0 ? 'no function' : module.names.join(', ')
    throw new WrongRule(`${path} exports no function "${name}"`, `Export it; there is: ${known}`)
  }

  #load(path: string): Module {
    const hash = createHash('sha256').update(readText(path, MOST_MODULE))
    const { names, stamp, problem } = this.#shown?.get(path) ?? showModule(path, this.#user)
    if (names !== undefined) return { stamp: hash.update(String(stamp)).digest('base64url'), names }
    throw new WrongRule(`${path} cannot be loaded: ${problem}`, 'Correct it; node FILE shows more')
  }
}

function readText(path: string, mostBytes: number): string {
  try {
    return open(path, mostBytes, fd => readFileSync(fd, 'utf8'))
  } catch (error) {
    throw new WrongRule(`cannot read ${path}: ${reasonOf(error)}`, 'Check its path and who may read it')
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === undefined ? message : (REASONS[code] ?? code)
}

// Only a file is read: whoever wrote the rules may have named a FIFO, a device or a directory, and we may be root.
function open<T>(path: string, mostBytes: number, use: (fd: number) => T): T {
  const fd = openSync(path, READ)
  try {
    const stat = fstatSync(fd)
    if (stat.isDirectory()) throw new Error('it is a directory')
    if (!stat.isFile()) throw new Error('it is no file')
    if (stat.size > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`)
    return use(fd)
  } finally {
    closeSync(fd)
  }
}
