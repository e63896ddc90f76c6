// test/config/folder.ts: a folder of configuration files, and what loading from it says.
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { placeText, problemText } from '../../config/config.ts'
import { type Loaded, loadConfig } from '../../config/load.ts'

export interface Folder {
  /** Absolute, without links. */
  readonly path: string
  load(...argv: string[]): Loaded
}

/** @param files by path; their folders are made */
export function folderOf(
  t: Test,
  files: Readonly<Record<string, string | Buffer>>,
  env: Readonly<Record<string, string>> = {},
): Folder {
  const path = realpathSync(t.testdir())
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return { path, load: (...argv) => loadConfig(argv, { cwd: path, env, version: '0.1.0' }) }
}

/** All options as shown to people; null when they could not be read. */
export function pairsOf(loaded: Loaded): [string, string][] | null {
  if (loaded.kind === 'command') return null
  const pairs = loaded.kind === 'config' ? loaded.config.pairs : loaded.pairs
  return pairs?.map(({ name, value }) => [name, value ?? 'true']) ?? null
}

/** Located messages; [] when there are none. */
export function problemsOf(loaded: Loaded): string[] {
  return loaded.kind === 'problems' ? loaded.problems.map(problem => problemText(problem)) : []
}

export function warningsOf(loaded: Loaded): string[] {
  if (loaded.kind === 'command') return []
  const { warnings } = loaded.kind === 'config' ? loaded.config : loaded
  return warnings.map(warning => problemText(warning, 'warning'))
}

/** The configuration, or a failed test that says what was wrong with it. */
export function configOf(loaded: Loaded) {
  if (loaded.kind === 'config') return loaded.config
  throw new Error(loaded.kind === 'problems' ? problemsOf(loaded).join('\n') : `command ${loaded.command}`)
}

export { placeText }
