// config/option.ts: what one option is. Reading, checks, defaults, --help and docs/options.md derive from it.
import type { Kind } from './kinds.ts'

/** Whether a value follows the name on the command line; 'optional' ones count only when attached by "=". */
export type Argument = 'none' | 'required' | 'optional'

/** A default that is no text of its own: another option's value, or something known only at start. */
export type Derived<T> = { readonly sameAs: string } | { readonly text: string; readonly compute: () => T }

/** What people read and write about an option, beside its values. */
export interface About {
  /** One or two sentences for --help and docs/options.md. */
  readonly doc: string
  readonly argument?: Argument
  readonly aliases?: readonly string[]
  readonly short?: string
  /** True for names that uWSGI lacks. */
  readonly ours?: true
  /** Why the option is accepted although nothing here needs it. */
  readonly noEffect?: string
  /** A command for the shell: what looks like $(NAME) is the shell's. */
  readonly isShell?: true
  /** Holds %(NAME) of its own: what no option or placeholder defines is no mistake. */
  readonly isTemplate?: true
  /** Acts while files are read: placeholders in its value are not replaced. */
  readonly immediate?: true
}

/** `T` is the type of its value in Config.values. */
export interface Option<T = unknown> extends Required<Pick<About, 'doc' | 'argument'>> {
  readonly aliases: readonly string[]
  readonly short: string | null
  readonly ours: boolean
  readonly noEffect: string | null
  readonly immediate: boolean
  readonly isShell: boolean
  readonly isTemplate: boolean
  readonly since: '0.1'
  readonly kind: Kind<unknown>
  /** 'last': the last one wins. 'each': one value per line. 'flat': a line holds several, all lines are joined. */
  readonly repeats: 'last' | 'each' | 'flat'
  /** As one would write it, read by the option's own kind; null: none. */
  readonly default: string | Derived<T> | null
}

/** Some options under one heading. */
export interface Group<O extends Readonly<Record<string, Option>>> {
  readonly title: string
  readonly options: O
}

/** What a group's options are once read. */
export type ValuesOf<O> = { readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never }

/** An option whose last value counts; null without one. */
export function option<T>(kind: Kind<T>, about: About): Option<T | null> {
  return build(kind, 'last', null, about)
}

/** An option whose last value counts, with a default. A kind that yields null asks for the default too. */
export function optionOr<T>(
  kind: Kind<T>,
  fallback: string | Derived<NonNullable<T>>,
  about: About,
): Option<NonNullable<T>> {
  return build(kind, 'last', fallback, about)
}

/** A repeatable option: one value per line. */
export function list<T>(kind: Kind<T>, about: About): Option<readonly T[]> {
  return build<readonly T[]>(kind, 'each', null, about)
}

/** A repeatable option whose lines hold several values each. */
export function flatList<T>(kind: Kind<readonly T[]>, about: About): Option<readonly T[]> {
  return build<readonly T[]>(kind, 'flat', null, about)
}

function build<T>(
  kind: Kind<unknown>,
  repeats: Option['repeats'],
  fallback: Option<T>['default'],
  about: About,
): Option<T> {
  return {
    doc: about.doc,
    argument: about.argument ?? 'required',
    aliases: about.aliases ?? [],
    short: about.short ?? null,
    ours: about.ours ?? false,
    noEffect: about.noEffect ?? null,
    immediate: about.immediate ?? false,
    isShell: about.isShell ?? false,
    isTemplate: about.isTemplate ?? false,
    since: '0.1',
    kind,
    repeats,
    default: fallback,
  }
}
