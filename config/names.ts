// config/names.ts: which names are allowed to stand in a configuration: options we have, and placeholders in use.
import type { Pair, Problem } from './config.ts'
import { refuseForeign } from './foreign.ts'
import { didYouMean } from './nearest.ts'
import { knownName } from './table.ts'

// Rules that one would expect, and how they are written.
const MEANT: Readonly<Record<string, string>> = {
  'route-status': 'A request has no status: use error-route-status or response-route-status',
  'route-query-string': 'Use route-qs',
  'route-path': 'Use route',
}

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
      unknown.push({ place, problem: `option "${name}" is unknown`, remedy: MEANT[name] ?? didYouMean(name) })
    } else if (known?.foreign && !isToldWhileReading(known.foreign.kind)) {
      unsupported.push({ place, ...refuseForeign(known.foreign) })
    }
  }
  return { unknown, unsupported }
}

function isToldWhileReading(kind: string): boolean {
  return kind === 'logic' || kind === 'logic-end' || kind === 'loader'
}
