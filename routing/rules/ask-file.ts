// routing/rules/ask-file.ts: how rules look at files: from what is known, else by an Ask, or at once where nothing can wait.
import { ASK, type Ask, type Code, type HIT } from './ask.ts'
import type { Run } from './run.ts'
import type { FileQuestion } from './source.ts'

/** What an Ask 'file' carries; it is answered as {@link RuleWorld.knownFile} is. */
export interface FileAsked {
  /** One character a byte. */
  readonly path: string
  readonly question: FileQuestion
}

/**
 * Looks at a file: at once when it was looked at lately, or when the chain cannot wait; else the chain is resumed.
 *
 * @param path one character a byte; with a NUL in it, it is no file
 */
export function askFile<R extends Code | typeof HIT>(
  run: Run,
  path: string,
  question: FileQuestion,
  then: (run: Run, answer: number) => R,
): R | typeof ASK {
  const nothing = question === 'time' ? -1 : 0
  if (path === '' || path.includes('\0')) return then(run, nothing)
  const { world } = run
  const known = run.chain.name === 'request' ? world.knownFile(path, question) : world.file(path, question)
  if (known !== undefined) return then(run, known)
  const data: FileAsked = { path, question }
  const ask: Ask = {
    kind: 'file',
    data,
    settle: (resumed, answer) => then(resumed, typeof answer === 'number' ? answer : nothing),
  }
  run.ask = ask
  return ASK
}
