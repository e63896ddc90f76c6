// routing/nets/read.ts: lists of networks as people write them, made into ranges that can be searched.
import ipaddr from 'ipaddr.js'
import type { NetsPicture } from '../../base/nets.ts'

/** What is wrong, and in which line from 1 on. */
export interface NetProblem {
  readonly problem: string
  readonly line: number
}

interface Range {
  readonly first: Uint8Array
  readonly last: Uint8Array
}

/**
 * The lines of a file: an address or a network each; "#" begins a comment. What a line holds is not told: the file may be another
 * one than was meant, and read as root.
 */
export function readNetFile(text: string): NetsPicture | NetProblem {
  const entries: string[] = []
  const lines: number[] = []
  for (const [i, line] of text.split('\n').entries()) {
    const entry = line.replace(/#.*/, '').trim()
    if (entry === '') continue
    entries.push(entry)
    lines.push(i + 1)
  }
  const nets = readNets(entries)
  return 'v4' in nets ? nets : { problem: 'it is neither an address nor a network', line: lines[nets.index]! }
}

/** @param entries "10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "unix" */
export function readNets(entries: readonly string[]): NetsPicture | { problem: string; index: number } {
  const v4: Range[] = []
  const v6: Range[] = []
  let hasUnix = false
  for (const [index, entry] of entries.entries()) {
    if (entry === 'unix') {
      hasUnix = true
      continue
    }
    const range = rangeOf(entry)
    if (range === null)
      return { problem: `"${entry.slice(0, 100)}" is neither an address nor a network`, index }
    if (range.first.length === 4) v4.push(range)
    else v6.push(range)
  }
  return { v4: merged(v4, 1), v6: merged(v6, 4), hasUnix }
}

// Bits behind the prefix do not count, as nginx has it. Four bytes for IPv4, also where it is spelled as IPv6.
function rangeOf(entry: string): Range | null {
  const [, address = '', prefix] = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(entry) ?? []
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) return null
  const bytes = ipaddr.parse(address).toByteArray()
  const length = prefix === undefined ? bytes.length * 8 : Number(prefix)
  if (length > bytes.length * 8) return null
  return isMapped(bytes) && length >= 96 ? spread(bytes.slice(12), length - 96) : spread(bytes, length)
}

function isMapped(bytes: readonly number[]): boolean {
  return (
    bytes.length === 16 &&
    bytes[10] === 255 &&
    bytes[11] === 255 &&
    bytes.slice(0, 10).every(byte => byte === 0)
  )
}

function spread(bytes: readonly number[], prefix: number): Range {
  const first = Uint8Array.from(bytes)
  const last = Uint8Array.from(bytes)
  for (let i = 0; i < bytes.length; i++) {
    const own = Math.min(8, Math.max(0, prefix - i * 8))
    const rest = 0xff >> own
    first[i]! &= ~rest
    last[i]! |= rest
  }
  return { first, last }
}

/** @param words 32 bits each, of one address */
function merged(ranges: Range[], words: number): Uint32Array {
  ranges.sort((a, b) => Buffer.compare(a.first, b.first))
  const all = new Uint32Array(ranges.length * words * 2)
  let end = 0
  let last: Uint8Array | null = null
  for (const range of ranges) {
    if (last !== null && Buffer.compare(range.first, last) <= 0) {
      if (Buffer.compare(range.last, last) <= 0) continue
      end -= words // the one before reaches further now
    } else {
      end = write(all, end, range.first)
    }
    end = write(all, end, range.last)
    last = range.last
  }
  return all.slice(0, end) // one of its own: messages carry what is behind a view, too
}

function write(all: Uint32Array, at: number, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  for (let i = 0; i < bytes.length; i += 4) all[at++] = view.getUint32(i)
  return at
}
