// gateway/rule-code.ts: the code that runs route rules, of a gateway that was told of some. Most have none, and start sooner
// without it.
import type { Rulebook } from './rules/rulebook.ts'
import type { World } from './world.ts'

let loaded: typeof Rulebook | null = null
let problem = 'it was never loaded'

/** Loads it, once. Never rejects: without it rules are refused, and requests are not served without them. */
export async function loadRuleCode(): Promise<void> {
  try {
    loaded ??= (await import('./rules/rulebook.ts')).Rulebook
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
  }
}

/**
 * @param secret hex, the same in all gateways, and known to nobody else
 * @returns null: it could not be loaded
 */
export function openRulebook(world: World, secret: string): Rulebook | null {
  return loaded === null ? null : new loaded(world, secret)
}

/** Why rules cannot be followed. */
export function ruleCodeProblem(): string {
  return `the code for route rules cannot be loaded: ${problem}`
}
