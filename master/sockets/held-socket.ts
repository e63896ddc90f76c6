// master/sockets/held-socket.ts: one descriptor that the master holds, and how it is given back.
import { once } from 'node:events'
import { closeSync, lstatSync, renameSync, type Stats } from 'node:fs'
import type net from 'node:net'
import { changeFile } from '../privileges/change-file.ts'
import { ownInode } from './proc-net.ts'

export abstract class HeldSocket {
  /** 0 for UNIX sockets. */
  readonly port: number
  readonly #fd: number
  #isOpen = true

  constructor(fd: number, port: number) {
    this.port = port
    this.#fd = fd
  }

  /** @throws Error once it is closed: its number may mean another file then */
  get fd(): number {
    if (!this.#isOpen) throw new Error(`the socket that was descriptor ${this.#fd} is closed`)
    return this.#fd
  }

  /** Gives the address back, if nobody else holds the socket. Twice is harmless. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.release(this.#fd)
  }

  protected abstract release(fd: number): void
}

/** A socket that we bound. */
export abstract class OwnSocket extends HeldSocket {
  readonly #socket: net.BoundSocket
  #server: net.Server | null = null

  constructor(socket: net.BoundSocket, port: number) {
    super(socket.fd(), port)
    this.#socket = socket
  }

  /**
   * Lets a server of this process accept on it. The descriptor is the server's from now on; closing the socket closes that.
   *
   * @throws SystemError when somebody else listens there since
   */
  async serve(server: net.Server, backlog: number): Promise<void> {
    this.#server = server
    server.listen(this.#socket, backlog)
    await once(server, 'listening')
  }

  protected override release(): void {
    if (this.#server === null) this.#socket.close()
    else this.#server.close()
  }
}

/** A TCP socket that we bound. */
export class TcpSocket extends OwnSocket {
  /** Whether others may be bound beside it (SO_REUSEPORT). */
  readonly isShareable: boolean

  constructor(socket: net.BoundSocket, isShareable: boolean) {
    super(socket, portOf(socket.address()))
    this.isShareable = isShareable
  }
}

/** A socket that we were started with. */
export class PassedSocket extends HeldSocket {
  protected override release(fd: number): void {
    closeSync(fd)
  }
}

/** Mode and owner of a socket file. */
export type FileRights = Pick<Stats, 'mode' | 'uid' | 'gid'>

/** A UNIX socket that we bound. */
export class UnixSocket extends OwnSocket {
  /** Its own, not its file's, as in /proc. */
  readonly inode: string
  /** What its file began with; null for an abstract name. */
  readonly made: Readonly<FileRights> | null
  readonly #path: string
  readonly #file: Stats | null

  /** @param path abstract ones begin with NUL */
  constructor(socket: net.BoundSocket, path: string) {
    super(socket, 0)
    this.inode = ownInode(this.fd)
    this.#path = path
    this.#file = path.startsWith('\0') ? null : lstatSync(path)
    this.made = this.#file
  }

  /** Whether clients that connect to the path still reach this socket. */
  get isInPlace(): boolean {
    return this.#file === null || this.#fileNow() !== undefined
  }

  /**
   * Changes what differs.
   *
   * @returns what it was; null when nothing differs or there is no file
   * @throws SystemError, nothing changed
   */
  setRights({ mode, uid, gid }: Readonly<FileRights>): FileRights | null {
    const now = this.#file === null ? undefined : this.#fileNow()
    if (now === undefined || (now.mode === mode && now.uid === uid && now.gid === gid)) return null
    const isChanged = changeFile(this.#path, stat => stat.isSocket() && this.#isFile(stat), {
      ...(now.uid === uid && now.gid === gid ? {} : { owner: { uid, gid } }),
      ...(now.mode === mode ? {} : { mode }),
    })
    return isChanged ? now : null
  }

  // Node removes whatever has the path. What somebody else put there steps aside meanwhile; where we may not
  // rename, Node may not remove either.
  protected override release(): void {
    const aside = this.isInPlace ? null : stepAside(this.#path)
    super.release()
    if (aside !== null) stepBack(aside, this.#path)
  }

  // The inode is not given to another file as long as we hold the socket.
  #fileNow(): Stats | undefined {
    const now = lstatSync(this.#path, { throwIfNoEntry: false })
    return now !== undefined && this.#isFile(now) ? now : undefined
  }

  #isFile({ ino, dev }: Stats): boolean {
    return ino === this.#file?.ino && dev === this.#file.dev
  }
}

// @types/node does not say what a BoundSocket's address may be.
function portOf(address: unknown): number {
  return typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0
}

function stepAside(path: string): string | null {
  const aside = `${path}.${process.pid}~`
  try {
    renameSync(path, aside)
    return aside
  } catch {
    return null // nothing is there, or it is not ours to move
  }
}

function stepBack(aside: string, path: string): void {
  try {
    renameSync(aside, path)
  } catch {
    // its directory changed meanwhile: nothing that a reload or stop should fail for
  }
}
