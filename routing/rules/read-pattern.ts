// routing/rules/read-pattern.ts: the regular expression of a rule, from its text to what gateways run, or why not.
import { WrongRule } from './action.ts'

/** Before a pattern that no engine runs in linear time: whoever writes it vouches for it. */
export const TRUSTED = '(*trusted)'

/** @throws WrongRule */
export function readPattern(text: string): unknown {
  const isTrusted = text.startsWith(TRUSTED)
  const source = isTrusted ? text.slice(TRUSTED.length) : text
  try {
    new RegExp(source)
    return { source }
  } catch (error) {
    throw new WrongRule(
      `the pattern ${JSON.stringify(source)} is wrong: ${(error as Error).message}`,
      'Correct it',
    )
  }
}
