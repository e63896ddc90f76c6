// routing/rules/ask-file.ts: how rules look at files: from what is known, else by an Ask, or at once where nothing can wait.
import { ASK, type Ask, type Code, type HIT } from './ask.ts'
import type { Run } from './run.ts'
import type { FileFacts } from './source.ts'

/**
 * Looks at a file: at once when it was looked at lately, or when the chain cannot wait; else the chain is resumed.
 *
 * @param path one character a byte; with a NUL in it, it is no file
 */
export function askFile<R extends Code | typeof HIT>(
  run: Run,
  path: string,
  then: (run: Run, facts: FileFacts | null) => R,
): R | typeof ASK {
  if (path === '' || path.includes('\0')) return then(run, null)
  const facts = run.chain.name === 'request' ? run.world.knownFile(path) : run.world.file(path)
  if (facts !== undefined) return then(run, facts)
  const ask: Ask = {
    kind: 'file',
    data: { path },
    settle: (resumed, answer) => then(resumed, isFacts(answer) ? answer : null),
  }
  run.ask = ask
  return ASK
}

function isFacts(answer: unknown): answer is FileFacts {
  return typeof answer === 'object' && answer !== null
}
