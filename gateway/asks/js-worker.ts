// gateway/asks/js-worker.ts: the thread of js-host.ts that runs functions of the operator's. It speaks with the gateway itself, by a
// socket, so that no other thread has to carry their calls.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { Socket } from 'node:net'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import type { RuleRequest } from '../../routing/rules/ours/js-types.ts'
import { LineReader, lineOf } from './json-lines.ts'

/** What the thread is started with: to serve calls, or to say what the module exports. */
export interface JsStart {
  readonly purpose: 'serve' | 'show'
  readonly file: string
}

/** `turn` 0: does it hear? */
export interface JsCall {
  /** Which call it is, from 1 on. */
  readonly turn: number
  readonly name: string
  readonly request: RuleRequest | null
}

/** `turn` 0: the module is loaded, or it hears. */
export interface JsReturn {
  readonly turn: number
  /** Nothing but that it began, and all before it. */
  readonly isBegun?: true
  readonly decision?: unknown
  /** In words; undefined when all is well. */
  readonly problem?: string
}

type Exports = Readonly<Record<string, unknown>>

/** The descriptor of the socket. */
export const CALLS_FD = 4
/** Characters of a decision: what may stand in an answer, and more. */
const MOST_DECISION = 4 * 1024 * 1024
const MOST_CALL = 64 * 1024 * 1024

const { purpose, file } = workerData as JsStart
if (purpose === 'show') parentPort!.postMessage(await show(file))
else serve(await load(file))

async function show(file: string): Promise<{ names?: readonly string[]; stamp?: string; problem?: string }> {
  const files = new Set<string>()
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) files.add(fileURLToPath(url))
      return next(url, context)
    },
  })
  try {
    const module = await load(file)
    const names = Object.keys(module).filter(name => typeof module[name] === 'function')
    return { names, stamp: stampOf(files) }
  } catch (error) {
    return { problem: textOf(error) }
  }
}

/** Another one when the module changed, or anything that it loads. */
function stampOf(files: ReadonlySet<string>): string {
  const hash = createHash('sha256')
  for (const file of [...files].sort()) hash.update(`${file}\0`).update(readFileSync(file)).update('\0')
  return hash.digest('base64url')
}

// The gateway can tell what began, however the process ends: before a call begins, all those before it were answered, or said
// to have begun, in words that left the process. So at most the first of those that it did not hear of has begun.
function serve(module: Exports): void {
  const socket = new Socket({ fd: CALLS_FD, readable: true, writable: true })
  const lines = new LineReader(MOST_CALL)
  const waiting: JsCall[] = []
  let begun = 0
  let said = 0
  let hasTurn: NodeJS.Immediate | null = null

  socket.on('data', (chunk: Buffer) => {
    waiting.push(...(lines.read(chunk) as JsCall[]))
    go()
  })

  function go(): void {
    while (waiting.length > 0 && socket.writableLength === 0 && hasTurn === null) {
      if (said < begun) hasTurn = setImmediate(goOn)
      else take(waiting.shift()!)
    }
  }

  // What awaits something had a turn of the loop for it. Often it is over by now, and all is said.
  function goOn(): void {
    hasTurn = null
    if (said < begun) say({ turn: begun, isBegun: true })
    go()
  }

  function take({ turn, name, request }: JsCall): void {
    if (turn === 0) return say({ turn })
    begun = turn
    try {
      const decide = module[name]
      if (typeof decide !== 'function') return say({ turn, problem: `it exports no function "${name}"` })
      const decision: unknown = decide(request)
      if (isThenable(decision)) void settle(turn, decision)
      else say({ turn, decision })
    } catch (error) {
      say({ turn, problem: textOf(error) })
    }
  }

  async function settle(turn: number, decision: PromiseLike<unknown>): Promise<void> {
    try {
      say({ turn, decision: await decision })
    } catch (error) {
      say({ turn, problem: textOf(error) })
    }
  }

  function say(message: JsReturn): void {
    if (message.turn > said) said = message.turn
    socket.write(textFor(message), go)
  }

  say({ turn: 0 })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

// A decision that cannot be copied is none.
function textFor(message: JsReturn): string {
  try {
    const text = lineOf(message)
    if (text.length <= MOST_DECISION) return text
    return lineOf({
      turn: message.turn,
      problem: `its decision takes ${text.length} characters`,
    } satisfies JsReturn)
  } catch (error) {
    return lineOf({ turn: message.turn, problem: textOf(error) } satisfies JsReturn)
  }
}

async function load(file: string): Promise<Exports> {
  return (await import(pathToFileURL(file).href)) as Exports
}

function textOf(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return text.slice(0, 500)
  } catch {
    return 'an error that cannot be shown'
  }
}
