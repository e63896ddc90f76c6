// master/rules-threads.ts: a thread for very many route rules. What is made while they are read is made in a heap of its own,
// which ends with the thread, and whose young generation is so large that little of it is ever carried about.
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import { linesOf, packed } from './rules-lines.ts'
import type { CompiledLines, RulesSetting } from './rules-steps.ts'
import type { RulesOrder } from './rules-thread.ts'

/** In the built package the suffix is .js. */
const ENTRY = fileURLToPath(import.meta.url).replace(/rules-threads(\.[jt]s)$/, 'rules-thread$1')
const YOUNG_MB = 96

/** @returns null: the machine has no thread for us */
export function compileInThread(config: Config, setting: RulesSetting): Promise<CompiledLines> | null {
  const worker = startWorker()
  if (worker === null) return null
  const { promise, resolve, reject } = Promise.withResolvers<CompiledLines>()
  worker.once('message', resolve)
  worker.once('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(tooMuch(config))
    else reject(error)
  })
  worker.once('exit', code => reject(new Error(`the thread that compiles rules ended with code ${code}`)))
  // It starts while these are packed.
  worker.postMessage({ lines: packed(linesOf(config)), setting } satisfies RulesOrder)
  return promise
}

function startWorker(): Worker | null {
  try {
    return new Worker(ENTRY, {
      name: 'rules',
      env: {},
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
  } catch {
    return null
  }
}

function tooMuch({ rules }: Config): CompiledLines {
  const problem = `there is not enough memory to read ${rules.length} route rules`
  const remedy = 'Write fewer, or give Sluice more memory'
  return {
    parts: null,
    upstreams: [],
    services: [],
    netFiles: new Map(),
    problems: [{ place: rules[0]!.place, problem, remedy }],
    warnings: [],
  }
}
