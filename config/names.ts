// config/names.ts: which names are allowed to stand in a configuration: options we have, and placeholders in use.
import type { Pair, Problem } from './config.ts'
import { refuseForeign } from './foreign.ts'
import { didYouMean } from './nearest.ts'
import { knownName } from './table.ts'

/**
 * A name that is no option is fine when something refers to it by %(name), or set-placeholder defined it.
 * All others are told, once per line.
 */
export function checkNames(
  pairs: readonly Pair[],
  used: ReadonlySet<string>,
  defined: ReadonlySet<string>,
): { readonly unknown: readonly Problem[]; readonly unsupported: readonly Problem[] } {
  const unknown: Problem[] = []
  const unsupported: Problem[] = []
  for (const { name, place } of pairs) {
    const known = knownName(name)
    if (known === undefined && !used.has(name) && !defined.has(name)) {
      unknown.push({ place, problem: `option "${name}" is unknown`, remedy: didYouMean(name) })
    } else if (known?.foreign && !isToldWhileReading(known.foreign.kind)) {
      unsupported.push({ place, ...refuseForeign(known.foreign) })
    }
  }
  return { unknown, unsupported }
}

function isToldWhileReading(kind: string): boolean {
  return kind === 'logic' || kind === 'logic-end' || kind === 'loader'
}
