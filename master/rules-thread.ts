// master/rules-thread.ts: compiles very many route rules in a thread of its own: it is sent their lines, tells what became of
// them, and ends.
import { parentPort } from 'node:worker_threads'
import { type PackedLines, unpacked } from './rules-lines.ts'
import { type CompiledLines, lineSteps, type RulesSetting } from './rules-steps.ts'

export interface RulesOrder {
  readonly lines: PackedLines
  readonly setting: RulesSetting
}

parentPort!.once('message', ({ lines, setting }: RulesOrder) => {
  const compiled = compile(lines, setting)
  parentPort!.postMessage(
    compiled,
    (compiled.parts ?? []).map(({ buffer }) => buffer as ArrayBuffer),
  )
})

function compile(lines: PackedLines, setting: RulesSetting): CompiledLines {
  const steps = lineSteps(unpacked(lines), setting)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
