// gateway/node-socket.ts: the socket interface over node:net and node:tls, public API only.
// Two things make it cheap (docs/data-path.md): accepted sockets get a `push` of their own, which hands bytes over
// without the stream machinery between, and connected ones read into a buffer of ours (`onread`). A self-test at
// start proves the first; where Node should change it, plain 'data' events serve instead.
import net from 'node:net'
import type { TLSSocket } from 'node:tls'
import { writeLatin1 } from '../base/latin1.ts'
import type { NodeEndpoint } from '../base/picture.ts'
import { guard } from './boundary.ts'
import type { ClientCertificate } from './client.ts'
import { forgo, giveBack, isLarge, LOBBY, type Slab, takeLarge, takeSmall } from './slabs.ts'
import { HEAD_ROOM, type Origin, type Socket, type SocketOwner } from './socket.ts'

const EMPTY = Buffer.alloc(0)
/** A TLS client that does not even take the end mark is left after this. */
const CLOSING_MS = 5_000
/** A text and bytes behind it are copied together up to this size: beyond, two pieces in one system call cost less. */
const JOINED_BYTES = 16_384
/** Smaller ones cost less to collect. */
const RELEASED_BYTES = 8192
const SEVERAL = 2

const WRAPPED = Symbol('sluice socket')
interface Wrapped extends net.Socket {
  [WRAPPED]: NodeSocket
}

/** Where a text and the bytes behind it are put together. */
let joint = Buffer.allocUnsafeSlow(JOINED_BYTES)

export class NodeSocket implements Socket {
  readonly #socket: net.Socket
  owner: SocketOwner
  #writes: number // up to SEVERAL
  #isPaused = false
  #isClosed = false
  /** A write failed: the rest goes nowhere. */
  isDeaf = false
  #wasReset = false // and that write took the kernel's note of it: the read behind it sees a mere end
  readonly #isAccepted: boolean
  readonly #isTls: boolean
  #slab: Slab | null = null // its own; null: its next bytes come into the lobby
  #reads: Slab | null = null // what Node reads into
  #isTelling = false // of bytes
  #copied = 0 // of what pends, so much is TLS's own copy
  #tell: (() => void) | null = null
  #given: Buffer | null = null // leaves just now
  #early: Buffer[] | null = null // came while reading paused
  #hasEarlyEnd = false
  readonly remoteAddress: string
  readonly remotePort: number
  readonly isStranger: boolean

  constructor(socket: net.Socket, owner: SocketOwner, isAccepted: boolean, origin: Origin | null) {
    this.#socket = socket
    this.owner = owner
    this.#isAccepted = isAccepted
    this.#isTls = isAccepted && isTls(socket)
    this.#writes = this.#isTls ? SEVERAL : 0 // a handshake went before
    this.remoteAddress = isAccepted ? (origin?.address ?? socket.remoteAddress ?? '') : ''
    this.remotePort = isAccepted ? (origin?.port ?? socket.remotePort ?? 0) : 0
    this.isStranger = origin?.isStranger ?? false
    if (!isAccepted) this.#slab = takeSmall()
    ;(socket as Wrapped)[WRAPPED] = this
  }

  /** From now on `owner` is told what comes. Only for sockets of {@link adopt}. */
  begin(owner: SocketOwner): void {
    const socket = this.#socket
    this.owner = owner
    if (!usesPush) {
      socket.on('data', onDataEvent)
      socket.on('end', onEndEvent)
      return
    }
    socket.push = push
    // Node reads a fresh connection from the start. One that was read before waits, and may hold bytes: TLS may have
    // decrypted early ones before it told us of the connection; others came with a PROXY header.
    if (socket.readableFlowing === null && !isTls(socket)) return
    const early = socket.readableLength > 0 ? (socket.read() as Buffer | null) : null
    if (early !== null) guard('data', this, tellData, early)
    if (!this.isDestroyed) socket.resume()
  }

  get pending(): number {
    return this.#socket.writableLength
  }

  get isBorrowing(): boolean {
    return this.#socket.writableLength > this.#copied
  }

  get isDestroyed(): boolean {
    return this.#isClosed || this.#socket.destroyed
  }

  clientCertificate(): ClientCertificate | null {
    if (!isTls(this.#socket)) return null
    const { raw, subject } = this.#socket.getPeerCertificate() ?? {} // null when the client is gone already
    return raw === undefined ? null : { der: raw, subject: oneLine(subject ?? {}) }
  }

  write(bytes: Buffer): void {
    this.#noteWrite()
    this.#socket.write(bytes)
  }

  give(text: string, bytes: Buffer, start: number, end: number): void {
    this.#noteWrite()
    const rest = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
    if (text === '') this.#socket.write(rest)
    else if (text.length + rest.length <= joint.length) this.#writeJoined(text, rest)
    else {
      this.#socket.cork()
      this.#socket.write(text, 'latin1')
      this.#socket.write(rest)
      this.#socket.uncork()
    }
    if (end < bytes.length) return
    if (this.pending === 0) release(bytes)
    else this.#given = bytes
  }

  // One copy, where a joined string would take three.
  #writeJoined(text: string, bytes: Buffer): void {
    const head = writeLatin1(joint, text, 0)
    bytes.copy(joint, head)
    this.#socket.write(joint.subarray(0, head + bytes.length))
    if (this.pending > 0) joint = Buffer.allocUnsafeSlow(joint.length) // the old one waits with the write
  }

  writeText(text: string): void {
    this.#noteWrite()
    this.#socket.write(text, 'latin1')
  }

  // Nagle's algorithm holds a small write back only while an earlier small one is on its way: who writes once, as a
  // connection for one request mostly does, is spared the system call.
  #noteWrite(): void {
    if (this.#writes === SEVERAL) return
    if (++this.#writes === SEVERAL) this.#socket.setNoDelay(true)
  }

  tellFlushed(isLast = false): void {
    // The end mark tells as well, and TLS has one to send anyway: an empty write behind the last one is a system call.
    if (isLast && this.#isTls) this.finish()
    this.#tell ??= () => {
      const given = this.#given
      this.#given = null
      if (given !== null && this.pending === 0) release(given)
      if (!this.isDestroyed) guard('flushed', this, tellOwnerFlushed)
    }
    if (!this.#socket.writableEnded) this.#socket.write(EMPTY, this.#tell)
    else if (this.#socket.writableFinished) process.nextTick(this.#tell)
    else this.#socket.once('finish', this.#tell) // a write behind the FIN would be an error
  }

  pause(): void {
    this.#isPaused = true
    if (!this.#isAccepted || !usesPush) this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (this.#early !== null) process.nextTick(guard, 'data', this, tellEarly)
    else if (this.#isAccepted && usesPush) this.#socket._read(0)
    else this.#socket.resume()
  }

  outliveWrites(): void {
    this.#socket._write = writeOrDrop
    this.#socket._writev = writeAllOrDrop
  }

  finish(): void {
    if (!this.#socket.writableEnded) this.#socket.end()
  }

  destroy(): void {
    this.#isClosed = true
    const socket = this.#socket
    // A TLS client takes an end without its own mark for a cut: where all has left, the mark goes too.
    if (this.#isTls && this.pending === 0) {
      if (!socket.writableFinished) socket.setTimeout(CLOSING_MS, socket.destroy)
      socket.destroySoon()
    } else socket.destroy()
  }

  reset(): void {
    this.#isClosed = true
    // Only TCP has a reset. Under TLS the missing end mark says the same, on UNIX sockets the missing bytes do.
    const socket = this.#socket
    const isPlainTcp = this.#isAccepted && socket.localPort !== undefined && !this.#isTls
    if (isPlainTcp) socket.resetAndDestroy()
    else socket.destroy()
  }

  keepBytes(writer: Socket): void {
    const slab = this.#slab!
    this.#slab = takeSmall()
    if (isLarge(slab)) (writer as NodeSocket).#socket.write(EMPTY, error => (error ? forgo : giveBack)(slab))
  }

  expectLong(): void {
    const slab = this.#slab!
    if (isLarge(slab)) return
    const large = takeLarge()
    if (large === null) return
    this.#slab = large
    giveBack(slab)
  }

  expectShort(): void {
    const slab = this.#slab!
    if (!isLarge(slab)) return
    this.#slab = takeSmall()
    giveBack(slab)
  }

  rest(): void {
    if (!this.#isTelling || this.#slab === null) return // Node asks what to read into only behind a read
    giveBack(this.#slab)
    this.#slab = null
  }

  // --- called by the socket below

  /** Called before the first read, and after each. @returns null: it stays the same */
  nextReadPart(): Uint8Array | null {
    const slab = this.#slab ?? LOBBY
    if (slab === this.#reads) return null
    this.#reads = slab
    return slab.readPart
  }

  /** Remembers that the other side takes no more. @returns null: the stream lives on */
  noteDeaf(error: NodeJS.ErrnoException | null | undefined): null {
    if (error) this.isDeaf = true
    if (error?.code === 'ECONNRESET') this.#wasReset = true
    return null
  }

  /** TLS encrypts at once what it is given, though it always says later that it has. */
  noteCopied(bytes: number): void {
    this.#copied = bytes
  }

  isPaused(): boolean {
    return this.#isPaused
  }

  tookBytes(count: number): void {
    if (this.#isClosed) return
    const slab = this.#slab ?? takeSmall()
    this.#slab = slab
    if (this.#reads === LOBBY) LOBBY.bytes.copy(slab.bytes, HEAD_ROOM, 0, count)
    this.#isTelling = true
    this.owner.onData(slab.bytes, HEAD_ROOM, HEAD_ROOM + count)
    this.#isTelling = false
  }

  gotBytes(bytes: Buffer): void {
    if (this.#isPaused || this.#early !== null) {
      this.#early ??= []
      this.#early.push(bytes)
    } else if (!this.#isClosed) this.owner.onData(bytes, 0, bytes.length)
  }

  ended(): void {
    if (this.#early !== null) this.#hasEarlyEnd = true
    else if (this.#wasReset) this.closed('ECONNRESET')
    else if (!this.#isClosed) this.owner.onEnd()
  }

  /** Tells what came while reading paused: what TLS had read by then, and a read that was under way. */
  tellEarly(): void {
    const early = this.#early
    if (early === null) return
    let told = 0
    while (told < early.length && !this.#isPaused && !this.#isClosed) {
      const bytes = early[told++]!
      this.owner.onData(bytes, 0, bytes.length)
    }
    early.splice(0, told)
    if (this.#isPaused || this.#isClosed) return
    this.#early = null
    if (this.#hasEarlyEnd) this.owner.onEnd()
    else this.resume()
  }

  opened(): void {
    if (!this.#isClosed) this.owner.onOpen()
  }

  closed(code: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.owner.onClose(code)
  }

  /** A defect of ours: the owner learns that the connection is gone, so that its other half ends too. */
  abandon(): void {
    this.#socket.destroy()
    this.closed('DEFECT')
  }

  /** The slab serves another connection, unless it is lent: reading pauses exactly while its bytes wait in a write. */
  retire(): void {
    if (this.#slab !== null) (this.#isPaused ? forgo : giveBack)(this.#slab)
    this.#slab = null
  }
}

// "/C=IT/O=X/CN=y", as OpenSSL writes it in one line: what is not printable ASCII becomes "\\xC3", byte by byte.
function oneLine(subject: Readonly<Record<string, string | string[] | undefined>>): string {
  const parts = Object.entries(subject).flatMap(([name, value]) =>
    [value].flat().map(one => `/${name}=${one}`),
  )
  return parts.join('').replace(/[^ -~]+/g, text => {
    return Buffer.from(text).reduce(
      (out, byte) => `${out}\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
      '',
    )
  })
}

// Each read of an accepted socket allocates, and V8 collects only after some 60 MB of that: uploads would grow by as much.
// Only bytes that fill their memory are surely alone in it: Node puts the next reads, of any connection, where one ended.
function release(bytes: Buffer): void {
  const { buffer, byteLength } = bytes
  if (byteLength >= RELEASED_BYTES && buffer.byteLength === byteLength) (buffer as ArrayBuffer).transfer(0)
}

/**
 * Takes over an accepted connection, clear or TLS. Nothing of it is told before {@link NodeSocket.begin}.
 *
 * @param origin null: its other end
 */
export function adopt(socket: net.Socket, origin: Origin | null): NodeSocket {
  const wrapped = new NodeSocket(socket, NOBODY, true, origin)
  socket.on('error', onError)
  if (isTls(socket)) {
    socket.on('close', onCloseEvent) // its end may come without an error
    socket._write = writeCopy
    socket._writev = writeCopies
  }
  return wrapped
}

// Node's own mark. To ask for the class would load all of TLS into gateways that have none of it.
function isTls(socket: net.Socket): socket is TLSSocket {
  return (socket as Partial<TLSSocket>).encrypted === true
}

/** Opens a connection to `address` (one of the endpoint's), or to its UNIX path. */
export function connect(endpoint: NodeEndpoint, address: string, owner: SocketOwner): Socket {
  let wrapped: NodeSocket
  const socket = new Outgoing({
    allowHalfOpen: true,
    onread: {
      buffer: (() => wrapped.nextReadPart()) as () => Uint8Array,
      callback: count => {
        guard('node data', wrapped, tellTaken, count)
        return true
      },
    },
  })
  wrapped = new NodeSocket(socket, owner, false, null)
  if (endpoint.kind === 'unix') socket.connect({ path: endpoint.path })
  else socket.connect({ host: address, port: endpoint.port, autoSelectFamily: false })
  return wrapped
}

// Each request to a uwsgi node makes one of these: what is spared here is a tenth of what such a request costs us. It
// hears its own events without listeners, and goes round the parts of a stream that find nothing to do where bytes come
// by onread.
class Outgoing extends net.Socket {
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    switch (event) {
      case 'connect':
        onConnect.call(this)
        break
      case 'end':
        if (!usesPush) onEndEvent.call(this)
        break
      case 'close':
        onCloseEvent.call(this)
        break
      case 'error':
        onError.call(this, values[0] as NodeJS.ErrnoException)
        return true
      case 'connectionAttempt':
      case 'ready':
        return false
    }
    return super.emit(event, ...values)
  }

  // It is told the end only.
  override push(bytes: Buffer | null): boolean {
    return usesPush ? push.call(this, bytes) : super.push(bytes)
  }

  override read(size?: number): unknown {
    if (!usesPush) return super.read(size)
    this._read(0)
    return null
  }

  // Where there is no error, all that a stream does behind this is to set a flag in a later tick; 'close' is the handle's.
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    super._destroy(error, error === null ? doNothing : done)
  }
}

const doNothing = (): void => {}

const NOBODY: SocketOwner = { onOpen() {}, onData() {}, onEnd() {}, onClose() {}, onFlushed() {} }

// --- handlers: module functions with the socket as `this`, so that no closure is made per connection

function push(this: net.Socket, bytes: Buffer | null): boolean {
  const wrapped = (this as Wrapped)[WRAPPED]
  if (bytes === null) {
    guard('end', wrapped, tellEnded)
    return false
  }
  guard('data', wrapped, tellData, bytes)
  return !wrapped.isPaused()
}

// A failed write would make the stream destroy itself, with the answer still unread in the kernel.
function writeOrDrop(
  this: net.Socket,
  bytes: unknown,
  encoding: BufferEncoding,
  done: (error?: Error | null) => void,
): void {
  const wrapped = (this as Wrapped)[WRAPPED]
  if (wrapped.isDeaf) done()
  else net.Socket.prototype._write.call(this, bytes, encoding, error => done(wrapped.noteDeaf(error)))
}

function writeAllOrDrop(
  this: net.Socket,
  chunks: { chunk: unknown; encoding: BufferEncoding }[],
  done: (error?: Error | null) => void,
): void {
  const wrapped = (this as Wrapped)[WRAPPED]
  if (wrapped.isDeaf) done()
  else net.Socket.prototype._writev!.call(this, chunks, error => done(wrapped.noteDeaf(error)))
}

// Called once nothing else is being written: what they are given is copied when they return.
function writeCopy(
  this: net.Socket,
  bytes: unknown,
  encoding: BufferEncoding,
  done: (error?: Error | null) => void,
): void {
  ;(this as Wrapped)[WRAPPED].noteCopied((bytes as Buffer | string).length)
  net.Socket.prototype._write.call(this, bytes, encoding, done)
}

function writeCopies(
  this: net.Socket,
  chunks: { chunk: unknown; encoding: BufferEncoding }[],
  done: (error?: Error | null) => void,
): void {
  ;(this as Wrapped)[WRAPPED].noteCopied(this.writableLength) // all that waits
  net.Socket.prototype._writev!.call(this, chunks, done)
}

function onDataEvent(this: net.Socket, bytes: Buffer): void {
  guard('data', (this as Wrapped)[WRAPPED], tellData, bytes)
}

function onEndEvent(this: net.Socket): void {
  guard('end', (this as Wrapped)[WRAPPED], tellEnded)
}

function onConnect(this: net.Socket): void {
  guard('open', (this as Wrapped)[WRAPPED], tellOpened)
}

function onError(this: net.Socket, error: NodeJS.ErrnoException): void {
  guard('close', (this as Wrapped)[WRAPPED], tellClosed, error.code ?? 'ERROR')
}

function onCloseEvent(this: net.Socket): void {
  const wrapped = (this as Wrapped)[WRAPPED]
  guard('close', wrapped, tellClosed, '')
  wrapped.retire()
}

const tellData = (socket: NodeSocket, bytes: Buffer): void => socket.gotBytes(bytes)
const tellEarly = (socket: NodeSocket): void => socket.tellEarly()
const tellTaken = (socket: NodeSocket, count: number): void => socket.tookBytes(count)
const tellEnded = (socket: NodeSocket): void => socket.ended()
const tellOpened = (socket: NodeSocket): void => socket.opened()
const tellClosed = (socket: NodeSocket, code: string): void => socket.closed(code)
const tellOwnerFlushed = (socket: NodeSocket): void => socket.owner.onFlushed()

// --- self-test

let usesPush = true

/**
 * Proves on a connection of its own that an accepted socket's `push` gets every byte and the end, and that refusing
 * stops the flow. Called once, before traffic. @returns whether the fast way is in use
 */
export async function selfTest(): Promise<boolean> {
  usesPush = true
  usesPush = await pushWorks().catch(() => false)
  return usesPush
}

function pushWorks(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const seen: string[] = []
    const server = net.createServer({ allowHalfOpen: true }, accepted => {
      const socket = adopt(accepted, null)
      socket.begin({
        ...NOBODY,
        onData(bytes) {
          seen.push(bytes.toString('latin1'))
          if (seen.length > 1) return
          socket.pause()
          client.write('two')
          setImmediate(() =>
            setImmediate(() => {
              seen.push('pause held')
              socket.resume()
              client.end()
            }),
          )
        },
        onEnd() {
          socket.destroy()
          server.close()
          resolve(seen.join() === 'one,pause held,two')
        },
      })
    })
    const client = new net.Socket()
    client.on('error', reject)
    server.on('error', reject)
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      client.connect((server.address() as net.AddressInfo).port, '127.0.0.1', () => client.write('one'))
    })
  })
}
