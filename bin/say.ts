// bin/say.ts: writes what a command reports about a config.
import type { Problem } from '../config/config.ts'
import { problemsText, type Report } from '../config/show.ts'
import { terminal } from './terminal.ts'

/** @returns the report's exit code */
export function say({ out, err, exit }: Report): number {
  terminal.err(err)
  terminal.out(out)
  return exit
}

export function sayWarnings(warnings: readonly Problem[]): void {
  terminal.err(problemsText([], warnings))
}
