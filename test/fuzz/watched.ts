// test/fuzz/watched.ts: runs a target in a thread and ends it when it hangs or takes too much memory.
import { Worker } from 'node:worker_threads'
import { MOST_SHARED_BYTES, type Report, SHARED_HEAD_BYTES, type Work } from './shared.ts'

/** An input takes microseconds; this is for a machine that is busy with other things. */
const HANGS_AFTER_MS = 15_000
const LOOKS = 15
const MOST_HEAP_MB = 512
/** Compiled code, the pool and caches; some bytes kept of each input would be much more. */
const MOST_GROWN_BYTES = 48 * 2 ** 20

/** @returns what the thread reported, a hang and a full heap included */
export async function fuzzWatched(
  work: Omit<Work, 'shared'>,
  hangsAfterMs = HANGS_AFTER_MS,
): Promise<Report> {
  const shared = new SharedArrayBuffer(SHARED_HEAD_BYTES + MOST_SHARED_BYTES)
  const numbers = new Int32Array(shared, 0, 2)
  const started = performance.now()
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { ...work, shared },
    resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
  })
  const failed = (problem: string): Report => ({
    inputs: numbers[0]!,
    ms: performance.now() - started,
    problem,
    input: new Uint8Array(shared.slice(SHARED_HEAD_BYTES, SHARED_HEAD_BYTES + numbers[1]!)),
    nsPerByte: 0,
    dearest: new Uint8Array(),
    grownBytes: 0,
  })
  const { promise, resolve } = Promise.withResolvers<Report>()
  let last = 0
  let looks = 0
  const watch = setInterval(() => {
    const now = numbers[0]!
    looks = now === last && now > 0 ? looks + 1 : 0
    last = now
    if (looks >= LOOKS) resolve(failed(`it hangs: ${hangsAfterMs} ms on one input`))
  }, hangsAfterMs / LOOKS)
  worker.on('message', resolve)
  worker.on('error', error => resolve(failed(`the thread ended: ${(error as Error).message}`)))
  const report = await promise
  clearInterval(watch)
  await worker.terminate()
  if (report.problem !== '' || report.grownBytes < MOST_GROWN_BYTES) return report
  return { ...report, problem: `memory grew by ${report.grownBytes >> 20} MB` }
}
