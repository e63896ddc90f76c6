// bin/say.ts: writes what a command reports about a config.
import type { Problem } from '../config/config.ts'
import { problemsText, type Report } from '../config/show.ts'

/** @returns the report's exit code */
export function say({ out, err, exit }: Report): number {
  process.stderr.write(err)
  process.stdout.write(out)
  return exit
}

export function sayWarnings(warnings: readonly Problem[]): void {
  process.stderr.write(problemsText([], warnings))
}
