// test/tools/tap-output.ts: what the TAP text of one test file says: how many tests passed, and why others failed.

/** Tests are the points of the outermost level: what a file states, not each assertion within. */
export interface TapReport {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[]
  /** For each failed test its lines, without those about assertions that passed. */
  readonly failures: readonly string[]
  /** Why the report cannot be trusted, null when it can: it stopped early, or there is none. */
  readonly problem: string | null
}

const POINT = /^(not )?ok \d+(?: - (.*))?$/
const NESTED_FAILURE = /^ +not ok /
const DIRECTIVE = /(?<!\\) # (?:time=\S+ ?)?(SKIP|TODO)?/

/** Reads TAP as tap 21 writes it. Lines that are not TAP stay with the test that was running. */
export function readTap(text: string): TapReport {
  const lines = text.split('\n')
  const skipped: string[] = []
  const failures: string[] = []
  let points = 0
  let planned = -1
  let problem: string | null = null
  let before: string[] = [] // lines since the last point: its assertions come before a test's own line

  for (let i = 0; i < lines.length; ) {
    const line = lines[i]!
    const point = POINT.exec(line)
    if (point === null) {
      if (line.startsWith('1..')) planned = Number.parseInt(line.slice(3), 10)
      if (line.startsWith('Bail out!')) problem = line
      before.push(line)
      i++
      continue
    }
    points++
    const end = endOfDiagnostics(lines, i + 1)
    const title = point[2] ?? ''
    const directive = DIRECTIVE.exec(title)
    if (directive?.[1] !== undefined) skipped.push(title.slice(0, directive.index))
    else if (point[1] !== undefined) failures.push(failureText(before, lines.slice(i, end)))
    before = []
    i = end
  }

  const passed = points - failures.length - skipped.length
  if (before.some(line => NESTED_FAILURE.test(line))) failures.push(failureText(before, []))
  if (planned <= 0 && points === 0) problem ??= 'reported no test'
  else if (planned !== points)
    problem ??= planned < 0 ? 'stopped before its end' : 'reported not all of its tests'
  return { passed, failed: failures.length, skipped, failures, problem }
}

// A point may be followed by a block from '  ---' to '  ...'.
function endOfDiagnostics(lines: readonly string[], start: number): number {
  if (lines[start] !== '  ---') return start
  const end = lines.indexOf('  ...', start)
  return end < 0 ? lines.length : end + 1
}

// Where an assertion within says what failed, the test's own diagnostics only repeat where the test stands.
function failureText(before: readonly string[], own: readonly string[]): string {
  const isNested = before.some(line => NESTED_FAILURE.test(line))
  const kept = before.filter(
    line => line.trim() !== '' && !/^( {4,}ok | *1\.\.\d|TAP version|# time=|# \{)/.test(line),
  )
  return [...kept, ...(isNested ? own.slice(0, 1) : own)].join('\n')
}
