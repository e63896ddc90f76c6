// config/environment.ts: the environment of the programs that Sluice starts.
import type { Config } from './config.ts'
import { knownName } from './table.ts'

/** Pure. A copy of `env`, with env and unenv applied in the order they were written. */
export function environmentOf(
  config: Pick<Config, 'pairs'>,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const result = new Map(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  for (const { name, value } of config.pairs) {
    const option = knownName(name)?.ours
    const text = value ?? ''
    const equals = text.indexOf('=')
    if (option === 'env') result.set(text.slice(0, equals), text.slice(equals + 1))
    else if (option === 'unenv') result.delete(text)
  }
  return Object.fromEntries(result)
}
