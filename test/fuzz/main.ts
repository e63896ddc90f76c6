// test/fuzz/main.ts: npm run fuzz: mutated inputs for every parser, until a number or a time is reached.
//
//   npm run fuzz                                     ten seconds for each parser, a new seed
//   npm run fuzz -- --target chunked --count 1e7     one parser (or several: a,b), so many inputs
//   npm run fuzz -- --seed 7 --seconds 60            the same inputs again
//   npm run fuzz -- --list                            the parsers, and what is asserted of each
//   npm run fuzz -- --replay FILE --target chunked   an input that failed, or any file
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Dearest } from './dearest.ts'
import { problemOf } from './minimize.ts'
import type { Report } from './shared.ts'
import { listed, type Target } from './target.ts'
import { TARGETS } from './targets.ts'
import { fuzzWatched } from './watched.ts'

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    count: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    list: { type: 'boolean', default: false },
    replay: { type: 'string' },
    out: { type: 'string', default: join(tmpdir(), 'sluice-fuzz') },
  },
})
const targets = chosen(values.target)
if (values.list) console.log(targets.map(listed).join('\n'))
else if (values.replay !== undefined) process.exitCode = replay(targets, values.replay)
else process.exitCode = await fuzzAll(targets)

async function fuzzAll(targets: readonly Target[]): Promise<number> {
  const seed = Number(values.seed)
  const count = values.count === undefined ? Number.POSITIVE_INFINITY : Number(values.count)
  // A number alone is meant as it is.
  const seconds = Number(values.seconds ?? (values.count === undefined ? 10 : 1e9))
  console.log(`seed ${seed}\n`)
  console.log('| parser | inputs | µs each | heap grown by | dearest input | ns per byte |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  let failures = 0
  for (const { name } of targets) {
    const report = await fuzzWatched({ target: name, seed, count, ms: seconds * 1_000 })
    console.log(rowOf(name, report))
    const dear = join(values.out, `${name}-dearest`)
    save(dear, report.dearest)
    if (report.problem === '') continue
    failures++
    const file = join(
      values.out,
      `${name}-${createHash('sha1').update(report.input).digest('hex').slice(0, 8)}`,
    )
    save(file, report.input)
    console.error(`\n${name}: ${report.problem}\nnpm run fuzz -- --target ${name} --replay ${file}\n`)
  }
  return failures === 0 ? 0 : 1
}

function rowOf(name: string, { inputs, ms, grownBytes, nsPerByte, dearest }: Report): string {
  const each = ((ms * 1_000) / Math.max(inputs, 1)).toFixed(1)
  const grown = `${(grownBytes / 2 ** 20).toFixed(1)} MB`
  const shown = JSON.stringify(Buffer.from(dearest.subarray(0, 32)).toString('latin1')).replaceAll('|', '\\|')
  return `| ${name} | ${inputs} | ${each} | ${grown} | ${dearest.length} bytes: \`${shown}\` | ${nsPerByte.toFixed(1)} |`
}

function replay(targets: readonly Target[], file: string): number {
  const input = readFileSync(file)
  const problems = targets.map(target => {
    const problem = problemOf(target, input)
    const cost = new Dearest(target).again(input, 1_000).toFixed(1)
    console.log(`${target.name}: ${problem === '' ? 'all holds' : problem}, ${cost} ns per byte`)
    return problem
  })
  return problems.every(problem => problem === '') ? 0 : 1
}

function save(file: string, bytes: Uint8Array): void {
  mkdirSync(values.out, { recursive: true })
  writeFileSync(file, bytes)
}

function chosen(names: string | undefined): readonly Target[] {
  if (names === undefined) return TARGETS
  const found = names.split(',').flatMap(name => TARGETS.find(each => each.name === name) ?? [])
  if (found.length === names.split(',').length) return found
  console.error(`Not all of "${names}" are parsers. There are: ${TARGETS.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}
