// master/net-watch.ts: lists of networks in files that rules name: read again when they changed, and told to the gateways whole.
// A list that cannot be read, or has a line that says nothing, changes nothing: the old one stays.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { ToGateway } from '../base/messages.ts'
import type { NetFilePicture, NetsPicture } from '../base/nets.ts'
import { readNetFile } from '../routing/nets/read.ts'
import type { Log } from './logs/log.ts'

const MOST_BYTES = 256 * 1024 * 1024

export interface NetWatchOptions {
  readonly log: Log
  /** Tells all gateways that live. */
  readonly tell: (message: ToGateway) => void
}

interface Watched {
  nets: NetsPicture
  /** Of the content that was read last; '': as the config was read. */
  stamp: string
  /** As seen at the last look: whoever writes in place may not have finished. */
  seen: string
  /** That was told of; '': none. */
  problem: string
}

export class NetWatch {
  readonly #options: NetWatchOptions
  readonly #files = new Map<string, Watched>()
  #isLooking = false

  constructor(options: NetWatchOptions) {
    this.#options = options
  }

  /** Lists that a config names, as they were when it was read: before gateways hear of its rules. */
  learn(files: ReadonlyMap<string, NetsPicture>): void {
    const news: NetFilePicture[] = []
    for (const [file, nets] of files) {
      const known = this.#files.get(file)
      if (known !== undefined && isDeepStrictEqual(known.nets, nets)) continue
      if (known === undefined) this.#files.set(file, { nets, stamp: '', seen: '', problem: '' })
      else known.nets = nets
      news.push({ file, nets })
    }
    this.#tell(news)
  }

  /** Others are not needed any more. */
  keepOnly(files: ReadonlyMap<string, NetsPicture>): void {
    const gone = [...this.#files.keys()].filter(file => !files.has(file))
    for (const file of gone) this.#files.delete(file)
    this.#tell(gone.map(file => ({ file, nets: null })))
  }

  /** For a gateway that starts. */
  messages(): readonly ToGateway[] {
    return [...this.#files].map(([file, { nets }]) => ({ kind: 'nets', files: [{ file, nets }] }))
  }

  /** Looks at all files; called once a second. A change counts once it has been the same for two looks. */
  async tick(): Promise<void> {
    if (this.#isLooking || this.#files.size === 0) return
    this.#isLooking = true
    try {
      for (const [file, watched] of [...this.#files]) await this.#look(file, watched)
    } finally {
      this.#isLooking = false
    }
  }

  async #look(file: string, watched: Watched): Promise<void> {
    let handle: FileHandle | null = null
    try {
      handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
      const stamp = await stampOf(handle)
      const isSettled = stamp === watched.seen
      watched.seen = stamp
      if (!isSettled || stamp === watched.stamp) return
      const text = (await handle.readFile()).toString('latin1')
      if ((await stampOf(handle)) !== stamp) return // the next look sees that it changed
      watched.stamp = stamp
      this.#take(file, watched, text)
    } catch (error) {
      watched.seen = ''
      this.#complain(file, watched, (error as Error).message)
    } finally {
      await handle?.close()
    }
  }

  #take(file: string, watched: Watched, text: string): void {
    const nets = readNetFile(text)
    if ('problem' in nets) return this.#complain(`${file}:${nets.line}`, watched, nets.problem)
    watched.problem = ''
    if (this.#files.get(file) !== watched || isDeepStrictEqual(nets, watched.nets)) return
    watched.nets = nets
    this.#options.log.info({ file }, 'list of networks was read again')
    this.#tell([{ file, nets }])
  }

  #complain(file: string, watched: Watched, problem: string): void {
    if (problem === watched.problem) return
    watched.problem = problem
    this.#options.log.warn(
      { file, cause: problem },
      'list of networks is as it was: the new one cannot be used',
    )
  }

  #tell(files: readonly NetFilePicture[]): void {
    for (const file of files) this.#options.tell({ kind: 'nets', files: [file] })
  }
}

async function stampOf(handle: FileHandle): Promise<string> {
  const stat = await handle.stat({ bigint: true })
  if (!stat.isFile()) throw new Error('it is no file')
  if (stat.size > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`)
  return `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
}
