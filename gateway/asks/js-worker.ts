// gateway/asks/js-worker.ts: a thread, or a process for a moment, that runs functions of the operator's. Started by file name: as a
// thread by js-runner.ts, and as a process, with the module's name as argument, to say what the module exports.
import { createHash } from 'node:crypto'
import { readFileSync, writeSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { RuleRequest } from '../../routing/rules/ours/js-types.ts'

/** What the thread is started with. */
export interface JsStart {
  readonly file: string
  /** How many calls it has begun, in the order in which they were posted; it wraps. */
  readonly begun: Int32Array
}

export interface JsCall {
  readonly id: number
  readonly name: string
  readonly request: RuleRequest
}

/** `id` 0: the module is loaded, or it hears. */
export interface JsReturn {
  readonly id: number
  readonly decision?: unknown
  /** In words; undefined when all is well. */
  readonly problem?: string
}

type Exports = Readonly<Record<string, unknown>>

/** Buffers stand beside the heap that is limited, so they are looked at once a second. */
const MOST_BUFFERS = 256 * 1024 * 1024
const LOOK_MS = 1_000
/** Where the master reads the names of the functions. */
const RESULT_FD = 3

if (isMainThread) await show(process.argv[2]!)
else await serve(workerData as JsStart)

async function show(file: string): Promise<void> {
  let result: { names?: readonly string[]; stamp?: string; problem?: string }
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
    result = { names, stamp: stampOf(files) }
  } catch (error) {
    result = { problem: textOf(error) }
  }
  writeSync(RESULT_FD, JSON.stringify(result))
  process.exit(0) // whatever the module has begun
}

/** Another one when the module changed, or anything that it loads. */
function stampOf(files: ReadonlySet<string>): string {
  const hash = createHash('sha256')
  for (const file of [...files].sort()) hash.update(`${file}\0`).update(readFileSync(file)).update('\0')
  return hash.digest('base64url')
}

async function serve({ file, begun }: JsStart): Promise<void> {
  const module = await load(file)
  let lookedAt = 0
  // null: whether it hears.
  parentPort!.on('message', (call: JsCall | null) => {
    if (call === null) return answer({ id: 0 })
    Atomics.add(begun, 0, 1)
    void run(module, call)
    const now = performance.now()
    if (now - lookedAt < LOOK_MS) return
    lookedAt = now
    if (process.memoryUsage().arrayBuffers > MOST_BUFFERS) throw new Error('its buffers take too much memory')
  })
  answer({ id: 0 })
}

async function run(module: Exports, { id, name, request }: JsCall): Promise<void> {
  try {
    const decide = module[name]
    if (typeof decide !== 'function') return answer({ id, problem: `it exports no function "${name}"` })
    answer({ id, decision: await decide(request) })
  } catch (error) {
    answer({ id, problem: textOf(error) })
  }
}

// A decision that cannot be copied (functions, promises within it) is none.
function answer(message: JsReturn): void {
  try {
    parentPort!.postMessage(message)
  } catch (error) {
    parentPort!.postMessage({ id: message.id, problem: textOf(error) } satisfies JsReturn)
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
