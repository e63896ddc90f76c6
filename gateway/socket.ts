// gateway/socket.ts: the narrow interface between the data path and the socket library under it.
// Everything that knows node:net stands behind it, so another implementation can pass the same tests.

import type { ClientCertificate } from './client.ts'

/** Room kept free in front of the bytes of an upstream read: a rewritten head is written there, right before its body. */
export const HEAD_ROOM = 4096
/** Room behind them, for the line end that closes a chunk. */
export const TAIL_ROOM = 2

/** Who reads a socket. Called from the event loop; never called again after onClose. */
export interface SocketOwner {
  /** The connection stands. Only for sockets made by connect. */
  onOpen(): void
  /**
   * Bytes arrived: bytes[start, end). A connected socket reads into one buffer again and again: they hold only during
   * the call, unless {@link Socket.keepBytes} is called. An accepted socket's are the owner's to keep.
   */
  onData(bytes: Buffer, start: number, end: number): void
  /** The other side will send no more (FIN). Writing still works. */
  onEnd(): void
  /** The connection is gone, by an error or by the other side; not called after destroy. @param code system's error code or '' */
  onClose(code: string): void
  /** Everything written before {@link Socket.tellFlushed} has left. */
  onFlushed(): void
}

/** Whom a connection comes from, where that is not its other end: a proxy said so (PROXY protocol). */
export interface Origin {
  /** Numeric; '' for UNIX sockets. */
  readonly address: string
  readonly port: number
  /** Somebody else than that address, which is the proxy's: what it claims is never believed. */
  readonly isStranger: boolean
}

export interface Socket {
  /** The client's, as far as a proxy told it. Numeric; '' for UNIX sockets. */
  readonly remoteAddress: string
  readonly remotePort: number
  /** See {@link Origin.isStranger}. */
  readonly isStranger: boolean
  /** Bytes accepted by write and not yet taken by the kernel. */
  readonly pending: number
  /** Whether written buffers are still read from; else they may be used again, though their bytes may be pending. */
  readonly isBorrowing: boolean
  readonly isDestroyed: boolean
  /** A write failed: what was written since goes nowhere, though an answer may still be read. */
  readonly isDeaf: boolean
  /** The certificate the client proved to have; null when none was asked for or given. */
  clientCertificate(): ClientCertificate | null
  write(bytes: Buffer): void
  /**
   * Writes `text`, one byte a character and '' for none, and bytes[start, end) behind it, together. Nobody looks at what
   * stands before `end` again: where that is all, the memory is free for another read as soon as it has left.
   */
  give(text: string, bytes: Buffer, start: number, end: number): void
  /** One byte a character. The text is copied: no buffer has to be kept. */
  writeText(text: string): void
  /** Ask for one {@link SocketOwner.onFlushed}. @param isLast nothing will be written any more */
  tellFlushed(isLast?: boolean): void
  /** No onData until resume. */
  pause(): void
  resume(): void
  /** Send FIN behind what was written; reading goes on. */
  finish(): void
  /**
   * A write that fails from now on ends nothing: what the other side sent before it closed is still read, its end comes
   * behind that, and further writes go nowhere.
   */
  outliveWrites(): void
  /** Close now, unsent bytes are lost. */
  destroy(): void
  /** Close with RST, so that the other side cannot take a cut message for a whole one. */
  reset(): void
  // Of connected sockets, and only during their onData:
  /** Its bytes wait in a write of `writer`: read into another buffer from now on. */
  keepBytes(writer: Socket): void
  /** Much more follows, and nothing refers to its bytes any more: read larger pieces, if there is a buffer for that. */
  expectLong(): void
  /** Nothing refers to its bytes any more: back to pieces of the usual size. */
  expectShort(): void
  /** Nothing refers to its bytes any more, nothing is expected soon, and then it will be short: it needs no memory. */
  rest(): void
}
