// master/rules-thread.ts: compiles very many route rules in a thread of its own: it is sent their lines, tells what became of
// them, and ends.
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { type PackedLines, unpacked } from './rules-lines.ts'
import { type CompiledLines, lineSteps, type RulesSetting } from './rules-steps.ts'

export interface RulesOrder {
  readonly lines: PackedLines
  readonly setting: RulesSetting
}

/** Of this thread alone, on Linux: gateways may need all cores for their requests meanwhile. */
const NICE = 5

parentPort!.once('message', ({ lines, setting }: RulesOrder) => {
  if (setting.isForGateways && process.platform === 'linux') setPriority(NICE)
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
