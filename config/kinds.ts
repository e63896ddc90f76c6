// config/kinds.ts: the kinds of plain values: from the text in a file to a typed value, or what is wrong with it.
import { z } from 'zod'

/** How the values of an option are read. */
export interface Kind<T> {
  readonly schema: z.ZodType<T, string>
  /** What --help shows for the value: "SECONDS". */
  readonly metavar: string
  /** What may be written: the remedy of a value that the schema refuses. */
  readonly remedy: string
}

// Node's timers count milliseconds in 31 bits.
const LONGEST_SECONDS = 24 * 86_400
const SECONDS_IN = { s: 1, m: 60, h: 3600, d: 86_400 } as const
const BYTES_IN = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 } as const
const YES = new Set(['', 'true', 'on', 'yes', '1'])
const NO = new Set(['false', 'off', 'no', '0'])

/** true, on, yes, 1 or nothing; false, off, no or 0. Words that are neither are refused. */
export const flag: Kind<boolean> = {
  schema: z.string().transform((text, ctx) => {
    const said = flagWord(text)
    return said ?? refuse(ctx, text, 'it is neither true nor false')
  }),
  metavar: 'true|false',
  remedy: 'Write true or false',
}

/** Any text but the empty one. */
export function text(metavar: string, remedy: string): Kind<string> {
  return { schema: z.string().min(1, 'it has no value'), metavar, remedy }
}

/** Whole number; digits only, so that "80x" and "0x50" are errors. */
export function integer(min: number, max: number): Kind<number> {
  return {
    schema: z
      .string()
      .regex(/^\d{1,15}$/, 'it is not a whole number')
      .transform(Number)
      .pipe(between(min, max, String)),
    metavar: 'N',
    remedy: `Write a whole number from ${min} to ${max}`,
  }
}

/** One of a few whole numbers. */
export function oneOfNumbers(allowed: readonly number[], problem: string): Kind<number> {
  return {
    schema: z
      .string()
      .regex(/^\d{1,15}$/, 'it is not a whole number')
      .transform(Number)
      .refine(value => allowed.includes(value), problem),
    metavar: 'N',
    remedy: `Write one of ${allowed.join(', ')}`,
  }
}

/** One of a few words. */
export function oneOf<const W extends string>(words: readonly W[]): Kind<W> {
  return {
    schema: z.string().pipe(z.enum(words, { error: 'it is none of the words allowed here' })),
    metavar: words.join('|'),
    remedy: `Write ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
  }
}

/** Rights of a file, in octal. @returns the number they stand for */
export const mode: Kind<number> = {
  schema: z
    .string()
    .regex(/^[0-7]{3,4}$/, 'it is not three or four octal digits')
    .transform(text => Number.parseInt(text, 8)),
  metavar: 'MODE',
  remedy: 'Write octal digits such as 660',
}

/** Rights that files are made without, in octal; not those of their owner, who is Sluice. @returns their number */
export const mask: Kind<number> = {
  schema: mode.schema
    .refine(value => value <= 0o777, 'it is above 777')
    .refine(value => (value & 0o700) === 0, 'it takes from Sluice its own files'),
  metavar: 'MASK',
  remedy: 'Write three octal digits such as 027',
}

/** A user, or a user and a group, by names or numbers; as written. */
export const owner: Kind<string> = {
  schema: z.string().regex(/^[^:\s]+(:[^:\s]+)?$/, 'it is neither USER nor USER:GROUP'),
  metavar: 'USER[:GROUP]',
  remedy: 'Write a user, or user:group, by names or numbers: www-data:www-data',
}

/** A length of time in seconds, or with the suffix s, m, h or d. @returns milliseconds */
export function seconds(min: number): Kind<number> {
  return {
    schema: z
      .string()
      .regex(/^\d{1,9}[smhd]?$/i, 'it is not a length of time')
      .transform(text => Number.parseInt(text, 10) * unit(text, SECONDS_IN) * 1000)
      .pipe(between(min * 1000, LONGEST_SECONDS * 1000, ms => `${ms / 1000} s`)),
    metavar: 'SECONDS',
    remedy: 'Write seconds, or a number with s, m, h or d: 90, 90s, 2m',
  }
}

/** A number of bytes, or of KiB, MiB, GiB with the suffix k, m or g. */
export function bytes(min: number, max = 2 ** 50): Kind<number> {
  return {
    schema: z
      .string()
      .regex(/^\d{1,15}[kmg]?$/i, 'it is not a size')
      .transform(text => Number.parseInt(text, 10) * unit(text, BYTES_IN))
      .pipe(between(min, max, n => `${n} bytes`)),
    metavar: 'BYTES',
    remedy: 'Write bytes, or a number with k, m or g: 65536, 64k, 1m',
  }
}

/** A value that may also be switched on without a number, or off. */
export function flagOr<T, F>(kind: Kind<T>, onTrue: F, onFalse: F): Kind<T | F> {
  return {
    schema: z.string().transform((text, ctx): T | F => {
      const said = flagWord(text)
      if (said !== null) return said ? onTrue : onFalse
      const read = kind.schema.safeParse(text)
      return read.success ? read.data : refuse(ctx, text, read.error.issues[0]!.message)
    }),
    metavar: kind.metavar,
    remedy: `${kind.remedy}, true or false`,
  }
}

/** NAME=VALUE with a name that is not empty. */
export function assignment(metavar: string, remedy: string): Kind<string> {
  return {
    schema: z.string().regex(/^[^=\s][^=]*=/, 'it is not NAME=VALUE'),
    metavar,
    remedy,
  }
}

/** Values between commas, blanks around them cut. */
export function commaList(
  item: RegExp,
  problem: string,
  metavar: string,
  remedy: string,
): Kind<readonly string[]> {
  return {
    schema: z
      .string()
      .transform(text => text.split(',').map(part => part.trim()))
      .pipe(z.array(z.string().regex(item, problem))),
    metavar,
    remedy,
  }
}

/** For schemas of their own: reports `problem`, and a better remedy than the kind's when there is one. */
export function refuse(ctx: z.RefinementCtx, input: unknown, problem: string, remedy?: string): never {
  ctx.issues.push({ code: 'custom', message: problem, input, params: { remedy } })
  return z.NEVER
}

function flagWord(text: string): boolean | null {
  const word = text.toLowerCase()
  return YES.has(word) ? true : NO.has(word) ? false : null
}

function unit(text: string, units: Readonly<Record<string, number>>): number {
  return units[text.at(-1)!.toLowerCase()] ?? 1
}

function between(min: number, max: number, print: (value: number) => string) {
  return z
    .number()
    .min(min, `it is below ${print(min)}`)
    .max(max, `it is above ${print(max)}`)
}
