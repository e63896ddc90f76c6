// test/routing/rules/regex/hostile-run.ts: a process as a gateway is one: matches what the parent sends, and says how long it took.
import type { CompiledPattern } from '../../../../routing/rules/regex/compile.ts'
import { matcherOf } from '../../../../routing/rules/regex/matcher.ts'

process.on('message', ({ compiled, subject }: { compiled: CompiledPattern; subject: string }) => {
  const matcher = matcherOf(compiled)
  const begun = performance.now()
  const matches = matcher.test(subject)
  const ms = performance.now() - begun
  matcher.exec(subject)
  process.send!({ matches, ms })
})
