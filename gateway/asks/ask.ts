// gateway/asks/ask.ts: who fulfils what rules ask for.
import type { Ask } from '../../routing/rules/ask.ts'
import type { FileQuestion } from '../../routing/rules/source.ts'
import type { Asking } from '../rules/asking.ts'

export function fulfil(ask: Ask, asking: Asking): void {
  if (ask.kind !== 'file') return asking.resume(undefined)
  const { path, question } = ask.data as { path: string; question: FileQuestion }
  void asking.exchange.world.rules.files.find(path, question).then(answer => asking.resume(answer))
}
