// bin/target.ts: which running instance `sluice reload`, `stop`, `status` and `why` mean, from their arguments.
import { parseArgs } from 'node:util'
import { readPid } from '../master/steering/pidfile.ts'
import { isMaster } from '../master/steering/process-names.ts'
import { findInstances } from '../master/steering/runtime-directory.ts'

/** For the --help of each of these commands. */
export const TARGET_HELP = `TARGET is the instance that is meant:
  --pidfile FILE   the one whose process id is in this file
  --pid N          the one with this process id
  --control PATH   the one with this control socket
Without it the only instance that runs on this machine is meant.`

/** At least one of the two is known. */
export interface Target {
  readonly pid: number | null
  /** Its control socket; null: not in the usual places. */
  readonly socket: string | null
}

/** What a user got wrong, in words. */
export class TargetProblem extends Error {}

export interface Arguments<Flag extends string> {
  readonly flags: ReadonlySet<Flag>
  /** What belongs to no option. */
  readonly words: readonly string[]
  readonly target: () => Target
  readonly wantsHelp: boolean
}

/** @param flags without their dashes. @param takesWords whether there may be any. @throws TargetProblem */
export function readArguments<Flag extends string>(
  argv: readonly string[],
  flags: readonly Flag[],
  takesWords = false,
): Arguments<Flag> {
  const { values, words } = parsed(argv, flags, takesWords)
  return {
    words,
    flags: new Set(flags.filter(flag => values[flag] === true)),
    target: () => targetOf(values),
    wantsHelp: values.help === true,
  }
}

type Values = Readonly<Record<string, string | boolean | undefined>>

function parsed(
  argv: readonly string[],
  flags: readonly string[],
  allowPositionals: boolean,
): { readonly values: Values; readonly words: readonly string[] } {
  const named = Object.fromEntries(['pidfile', 'pid', 'control'].map(name => [name, { type: 'string' }]))
  const switches = Object.fromEntries([...flags, 'help'].map(name => [name, { type: 'boolean' }]))
  try {
    const options = { ...named, ...switches } as Record<string, { type: 'string' | 'boolean' }>
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals })
    return { values: values as Values, words: positionals }
  } catch (error) {
    throw new TargetProblem((error as Error).message.split('. ')[0])
  }
}

function targetOf({ pidfile, pid, control }: Values): Target {
  const given = [pidfile, pid, control].filter(value => value !== undefined)
  if (given.length > 1)
    throw new TargetProblem('--pidfile, --pid and --control are three ways to say one thing. Give one')
  if (typeof control === 'string') return { pid: null, socket: control }
  if (typeof pidfile === 'string') return withSocket(pidOfFile(pidfile))
  if (typeof pid === 'string') return withSocket(pidOfWord(pid))
  return theOnlyOne()
}

function pidOfFile(file: string): number {
  const pid = readPid(file)
  if (pid === null)
    throw new TargetProblem(`the pid file ${file} cannot be read. Check its path and your rights`)
  if (Number.isNaN(pid))
    throw new TargetProblem(`the pid file ${file} holds no process id: no Sluice wrote it, or it has ended`)
  if (!isMaster(pid)) {
    throw new TargetProblem(`the pid file ${file} is stale: process ${pid} is no running Sluice`)
  }
  return pid
}

function pidOfWord(word: string): number {
  const pid = /^[1-9]\d{0,9}$/.test(word) ? Number(word) : 0
  if (pid === 0) throw new TargetProblem(`"${word}" is no process id`)
  if (!isMaster(pid)) throw new TargetProblem(`process ${pid} is no running Sluice`)
  return pid
}

function withSocket(pid: number): Target {
  const instance = findInstances(process.env).find(each => each.pid === pid)
  return { pid, socket: instance?.socket ?? null }
}

function theOnlyOne(): Target {
  const instances = findInstances(process.env)
  const [first, ...others] = instances
  if (first === undefined) {
    throw new TargetProblem('no running instance was found. Name one by --pidfile, --pid or --control')
  }
  if (others.length === 0) return first
  const list = instances.map(({ pid, socket }) => `  --pid ${pid}   ${socket}`).join('\n')
  throw new TargetProblem(`several instances run. Name one of them:\n${list}`)
}
