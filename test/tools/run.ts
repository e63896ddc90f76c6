// test/tools/run.ts: runs the test files, a few side by side, and sums them up in the line "N passed, N failed".
//
//   npm test                               every test/**/*.test.ts
//   npm test -- test/config/ini.test.ts    these files or folders
//   npm test -- --jobs 1                   one after the other
//   npm test -- --again                    what failed beside others runs once more, alone, and that is told: for .ci/run
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ensurePackages } from './packages.ts'
import { endAllTests, type FileResult, runTestFile } from './test-file.ts'

const ROOT = dirname(dirname(import.meta.dirname))
/** A file that takes longer on a machine with nothing else to do is too long: it is told. */
const LONG_MS = 20_000
/** Who takes so long hangs, on a slow and busy machine too. */
const HANGS_MS = 60_000
/** More files than this do not fail because the machine was busy. */
const MOST_AGAIN = 3
// A file that measures time says so in one of its first lines, and runs when all others are done.
const ALONE = /^\/\/ Runs alone: \S/m
// Those that start a whole Sluice again and again keep a CPU busy; those with a gateway of their own mostly wait.
const BUSY = /support\/(sluice|installation)\.ts'|\/house\.ts'|bin\/sluice|tools\/build\.ts'/
const WAITING = /support\/gateway\.ts'|\/retiring\.ts'/

/** @returns the exit code */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { jobs: { type: 'string' }, again: { type: 'boolean' } },
  })
  const files = findFiles(positionals.length > 0 ? positionals : ['test'])
  // Not in a pretest script: npm leaves those out where scripts are switched off.
  if (files === null || !(await ensurePackages())) return 1
  const jobs = values.jobs === undefined ? defaultJobs() : Math.max(1, Number.parseInt(values.jobs, 10) || 1)

  const texts = new Map(files.map(file => [file, readFileSync(join(ROOT, file), 'utf8')]))
  const runsAlone = (file: string): boolean => ALONE.test(texts.get(file)!.slice(0, 1000))
  const together = files.filter(file => !runsAlone(file))
  const results = [
    ...(await runAll(jobs === 1 ? together : busyFirst(together, texts), jobs)),
    ...(await runAll(files.filter(runsAlone), 1)),
  ]
  const unsteady = values.again === true ? await runAgain(results) : []
  return summarise(results, unsteady)
}

/**
 * Gives files that failed a second run, alone, whose result is the one that counts.
 * @returns those that passed then
 */
async function runAgain(results: FileResult[]): Promise<string[]> {
  const bad = results.filter(({ failed }) => failed > 0).map(({ file }) => file)
  if (bad.length === 0 || bad.length > MOST_AGAIN) return []
  process.stdout.write(`\nOnce more, alone: ${bad.join(' ')}\n`)
  const second = await runAll(bad, 1)
  for (const result of second) results[results.findIndex(({ file }) => file === result.file)] = result
  return second.filter(({ failed }) => failed === 0).map(({ file }) => file)
}

// One for each CPU: with more of them short times in tests become races.
function defaultJobs(): number {
  return Math.min(4, availableParallelism())
}

// The busy ones first, those that mostly wait last, and in between those that are short.
function busyFirst(files: readonly string[], texts: ReadonlyMap<string, string>): string[] {
  const rankOf = (file: string): number => {
    const text = texts.get(file)!
    if (BUSY.test(text)) return 0
    return WAITING.test(text) ? 2 : 1
  }
  return files.toSorted((a, b) => rankOf(a) - rankOf(b))
}

// Files in the order of their names, relative to the checkout. Null, after saying so, when a name fits nothing.
function findFiles(names: readonly string[]): string[] | null {
  const found = new Set<string>()
  for (const name of names) {
    const path = relative(ROOT, resolve(name))
    const files = !existsSync(name)
      ? []
      : statSync(name).isDirectory()
        ? globSync(join(path, '**/*.test.ts'), { cwd: ROOT }).filter(file => !isLong(file) || isLong(path))
        : [path]
    if (files.length === 0) {
      process.stderr.write(`No test file fits ${name}. Give files or folders, such as test/config.\n`)
      return null
    }
    for (const file of files) found.add(file)
  }
  return [...found].sort()
}

// Longer forms have scripts of their own, npm run long:NAME.
function isLong(path: string): boolean {
  return /^test\/long(\/|$)/.test(path)
}

// The last of several workers begins at the end: it keeps company with the others without wanting the same CPU, and all
// of them come to their end among files that are short.
async function runAll(files: readonly string[], jobs: number): Promise<FileResult[]> {
  const waiting = [...files]
  const results: FileResult[] = []
  const worker = async (_: unknown, index: number) => {
    const next = () => (index > 0 && index === jobs - 1 ? waiting.pop() : waiting.shift())
    for (let file = next(); file !== undefined; file = next()) {
      const result = await runTestFile(ROOT, file, HANGS_MS)
      results.push(result)
      process.stdout.write(reportOf(result))
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  return results
}

function reportOf({ file, passed, failed, skipped, ms, failures, stderr }: FileResult): string {
  const seconds = (ms / 1000).toFixed(1).padStart(5)
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}`
  const tooLong = ms > LONG_MS ? `, too long: over ${LONG_MS / 1000} s` : ''
  const lines = [`${failed > 0 ? 'FAIL' : 'ok  '} ${seconds} s  ${file}  (${counts}${tooLong})`]
  for (const name of skipped) lines.push(`     skipped: ${name}`)
  if (failed > 0) {
    for (const failure of failures) lines.push('', indent(failure))
    if (stderr.trim() !== '') lines.push('', '     on standard error:', indent(stderr.trimEnd()))
    lines.push('')
  }
  return `${lines.join('\n')}\n`
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '     ')
}

function summarise(results: readonly FileResult[], unsteady: readonly string[]): number {
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  const failed = results.reduce((sum, result) => sum + result.failed, 0)
  const bad = results.filter(result => result.failed > 0)
  const end = bad.length > 0 ? ['', 'Failed:', ...bad.map(({ file }) => `  npm test -- ${file}`)] : []
  if (unsteady.length > 0)
    end.push(
      '',
      'Unsteady, failed beside others and passed alone. Mend:',
      ...unsteady.map(file => `  ${file}`),
    )
  process.stdout.write(`${[...end, '', `${passed} passed, ${failed} failed`].join('\n')}\n`)
  return failed === 0 && passed > 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    endAllTests()
    process.exit(130)
  })
}
process.exitCode = await main(process.argv.slice(2))
