// test/fuzz/worker.ts: fuzzes one target in a thread of its own, so that another one can see it hang.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { fuzz } from './loop.ts'
import { PLANTED } from './planted.ts'
import { type Report, SHARED_HEAD_BYTES, type Work } from './shared.ts'
import { TARGETS } from './targets.ts'

const MEASURED_AGAIN = 100

const { target: name, shared, ...bounds } = workerData as Work
const target = [...TARGETS, ...PLANTED].find(each => each.name === name)!
const numbers = new Int32Array(shared, 0, 2)
const bytes = new Uint8Array(shared, SHARED_HEAD_BYTES)

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const before = heldBytes()
const { inputs, ms, dearest, failure } = fuzz(target, {
  ...bounds,
  onInput: input => {
    bytes.set(input)
    numbers[1] = input.length
    numbers[0]!++ // read once a second by the other thread: nothing more is needed
  },
})
const report: Report = {
  inputs,
  ms,
  problem: failure?.problem ?? '',
  input: failure?.input ?? new Uint8Array(),
  nsPerByte: dearest.again(dearest.input, MEASURED_AGAIN),
  dearest: dearest.input,
  grownBytes: heldBytes() - before,
}
parentPort!.postMessage(report)

function heldBytes(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
