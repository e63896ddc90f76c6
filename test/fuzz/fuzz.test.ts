// test/fuzz/fuzz.test.ts: a short run of the fuzzer over every parser, whatever once failed first; and the fuzzer finds
// the faults that are planted for it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { allWays } from '../gateway/http1/feeding.ts'
import { corpusOf } from './corpus.ts'
import { fuzz } from './loop.ts'
import { problemOf } from './minimize.ts'
import { PLANTED } from './planted.ts'
import { listed, type Target } from './target.ts'
import { TARGETS } from './targets.ts'
import { fuzzWatched } from './watched.ts'

/** `SEED=7 node test/fuzz/fuzz.test.ts` takes other inputs. */
const SEED = Number(process.env.SEED ?? 1)
const MOST_INPUTS = 3_000
const MOST_MS = 300
/** Longer ones are split at every place by nobody who waits. */
const MOST_SPLIT_BYTES = 700

for (const target of TARGETS) {
  t.test(`${target.name}: the corpus, in one piece, byte by byte and split at every place`, async t => {
    for (const input of corpusOf(target)) {
      const problem = problemOf(target, Buffer.from(input))
      if (problem !== '') t.fail(`${problem}: ${JSON.stringify(input.toString('latin1'))}`)
      if (target.events !== undefined) compareWays(t, target, input.subarray(0, MOST_SPLIT_BYTES))
    }
    t.pass('all holds')
  })

  t.test(`${target.name}: some mutated inputs`, async t => {
    const { failure } = fuzz(target, { seed: SEED, count: MOST_INPUTS, ms: MOST_MS })
    t.same(failure && `${failure.problem}: ${failure.input.toString('latin1')}`, null)
  })
}

t.test('docs/fuzzing.md tells of every parser what is asserted of it', async t => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/fuzzing.md'), 'utf8')
  for (const target of TARGETS) t.ok(page.includes(`${listed(target)}\n`), listed(target))
})

t.test('a difference between one piece and several is found, and made small', async t => {
  const { failure } = fuzz(planted('forgets'), { seed: SEED, count: 1e6, ms: 5_000 })
  t.match(failure?.problem, /^pieces mean another thing/)
  t.equal(failure?.input.toString(), '!!')
})

t.test('a parser that looks behind its end is found', async t => {
  const { failure } = fuzz(planted('looks behind'), { seed: SEED, count: 1e6, ms: 5_000 })
  t.match(failure?.problem, /^pieces mean another thing/)
})

t.test('a parser that hangs is ended from outside, with the input that it hangs on', async t => {
  const report = await fuzzWatched(work('hangs'), 600)
  t.match(report.problem, /^it hangs/)
  t.match(Buffer.from(report.input).toString('latin1'), '!')
})

t.test('a parser that keeps what it was fed is ended or reported', async t => {
  const { problem } = await fuzzWatched({ ...work('keeps'), count: 3_000 })
  t.match(problem, /memory/)
})

function work(name: string) {
  return { target: name, seed: SEED, count: 1e6, ms: 10_000 }
}

function planted(name: string): Target {
  return PLANTED.find(each => each.name === name)!
}

function compareWays(t: Test, target: Target, input: Buffer): void {
  const [, ...ways] = allWays(input)
  const whole = target.events!(input, [input.length])
  for (const [way, pieces] of ways) {
    let end = 0
    const cuts = pieces.map(piece => (end += piece.length))
    const split = target.events!(input, cuts.length === 0 ? [0] : cuts)
    if (split !== whole) t.fail(`${way}: ${split}, not ${whole}: ${JSON.stringify(input.toString('latin1'))}`)
  }
}
