// test/fuzz/planted.ts: parsers with faults, to see that the fuzzer finds them.
import { sameInPieces, type Target } from './target.ts'

const NOTHING = { asserts: '', seeds: () => [Buffer.from('hello')], dictionary: ['!', '!!'], mostBytes: 64, parse: () => {} } // biome-ignore format: one line
let kept: string[] = []

export const PLANTED: readonly Target[] = [
  {
    ...NOTHING,
    name: 'forgets',
    // What it saw of a piece's first byte it does not remember in the next piece.
    events: (bytes, cuts) => {
      let found = 0
      let from = 0
      for (const cut of cuts) {
        if (bytes.toString('latin1', from, cut).includes('!!')) found++
        from = cut
      }
      return found
    },
    check(input, random) {
      return sameInPieces(this, input, random) as number
    },
  },
  {
    ...NOTHING,
    name: 'looks behind',
    events: (bytes, cuts) => new Uint8Array(bytes.buffer, bytes.byteOffset)[cuts.at(-1)!] ?? -1,
    check(input, random) {
      return sameInPieces(this, input, random) as number
    },
  },
  {
    ...NOTHING,
    name: 'hangs',
    check(input) {
      while (input.includes('!'));
      return 0
    },
  },
  {
    ...NOTHING,
    name: 'keeps',
    check(input) {
      kept.push('x'.repeat(100_000) + input.toString('latin1'))
      if (kept.length > 1e9) kept = []
      return kept[kept.length - 1]!.charCodeAt(100_001) || 0
    },
  },
]
