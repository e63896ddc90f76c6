// config/left-over.ts: what stands in a value although it was meant for the reader: $(NAME) of a variable that is
// not set, and comments behind a value, which ini does not know.
import type { Pair } from './config.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Names of the $(NAME) left in a value that the environment lacks. */
export function unsetVariables(value: string, env: Environment): string[] {
  if (!value.includes('$(')) return []
  const names = [...value.matchAll(/\$\(([A-Za-z_]\w*)\)/g)].map(match => match[1]!)
  return [...new Set(names)].filter(name => !Object.hasOwn(env, name) || env[name] === undefined)
}

/** A value of a file without the comment behind it. @returns null when there is none */
export function cutComment({
  value,
  place,
}: Pair): { readonly rest: string; readonly comment: string } | null {
  const found = place.line > 0 ? /[ \t]([;#].*)$/s.exec(value ?? '') : null
  return found && { rest: value!.slice(0, found.index).trimEnd(), comment: found[1]! }
}
