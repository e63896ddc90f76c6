// test/fuzz/targets/child-lines.ts: what gateways and daemons print, cut into lines.
import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import { followLines } from '../../../master/logs/child-lines.ts'
import { sameInPieces, type Target, wrong } from '../target.ts'

export const childLines: Target = {
  name: 'child-lines',
  asserts:
    'every byte is handed over once and in order, in whole lines, and at the end the last one gets its line feed',
  seeds: () =>
    ['one\ntwo\n', 'no end', '\n\n\n', '{"level":30,"msg":"x"}\nplain\r\n\xff\0'].map(text =>
      Buffer.from(text, 'latin1'),
    ),
  hostile: () => ['\n', 'a\n', 'a'].map(part => Buffer.from(part.repeat(30_000 / part.length))),
  dictionary: ['\n', '\r\n', '\0', '\x1b[2J', '{"a":1}\n'],
  mostBytes: 1_024,
  events(bytes, cuts) {
    let seen = ''
    const pieces = cuts.map((cut, i) => bytes.subarray(cuts[i - 1] ?? 0, cut))
    follow(pieces, lines => {
      if (!lines.endsWith('\n')) wrong('not whole lines', lines)
      seen += lines
    })
    return seen
  },
  check(input, random) {
    const text = input.toString('latin1')
    const seen = sameInPieces(this, input, random)
    if (seen !== (text === '' || text.endsWith('\n') ? text : `${text}\n`)) wrong('other lines', seen)
    return Math.min(text.split('\n').length, 32)
  },
  parse: input => follow([input], () => {}),
}

function follow(pieces: readonly Buffer[], take: (lines: string) => void): void {
  const stream = new EventEmitter()
  followLines(stream as Readable, { isFull: false, take, onceRoom: () => {} })
  for (const piece of pieces) stream.emit('data', piece)
  stream.emit('close')
}
