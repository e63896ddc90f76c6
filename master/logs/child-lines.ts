// master/logs/child-lines.ts: what gateways and daemons print, cut into whole lines, so that lines of several processes never
// mix. A pipe is left unread while nobody takes its lines: then it is the child that waits, or drops.
import type { Readable } from 'node:stream'
import { latin1 } from '../../base/latin1.ts'

/** A line that is longer is cut in two. */
const LONGEST_BYTES = 64 * 1024
const LINE_FEED = 0x0a

export interface LineTaker {
  readonly isFull: boolean
  /** @param lines whole lines, each with its line feed, one character a byte */
  take(lines: string): void
  onceRoom(callback: () => void): void
}

/** Hands every line of a child's output to `taker`; at its end also one that has no line feed. */
export function followLines(stream: Readable, taker: LineTaker): void {
  let part = '' // the beginning of a line
  stream.on('data', (bytes: Buffer) => {
    const end = bytes.lastIndexOf(LINE_FEED) + 1
    if (end > 0) {
      taker.take(part + latin1(bytes, 0, end))
      part = ''
    }
    part += latin1(bytes, end, bytes.length)
    if (part.length >= LONGEST_BYTES) {
      taker.take(`${part}\n`)
      part = ''
    }
    if (!taker.isFull) return
    stream.pause()
    taker.onceRoom(() => stream.resume())
  })
  stream.on('error', () => {}) // its end follows
  stream.once('close', () => {
    if (part !== '') taker.take(`${part}\n`)
    part = ''
  })
}
