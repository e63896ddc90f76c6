// gateway/asks/js-host.ts: the process that runs a module of the operator's. Its main thread runs nothing of it, so that it can
// always end the whole: when the gateway is gone, or when the module takes too much memory. Started by file name.
import { writeFileSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { JsStart } from './js-worker.ts'

/** Beyond what the process had at its start: the heap, which has a limit of its own, and what is kept beside it. */
const MORE_BYTES = 256 * 1024 * 1024
const LOOK_MS = 250
/** A socket to the gateway: nothing comes, it ends with the gateway. For the master: a pipe for what the module exports. */
const CONTROL_FD = 3
/** The master waits for less; this is for when it is gone. */
const SHOW_MS = 15_000

const [purpose, file, mostHeapMb] = process.argv.slice(2) as [JsStart['purpose'], string, string]

process.title = `sluice: js ${file}`
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'SIGUSR2', 'SIGPIPE'] as const) {
  process.on(signal, () => {}) // it goes with its gateway, also when a terminal signals the whole group
}
process.on('uncaughtException', die) // Node's own way out would wait for a thread that may hang
const control = purpose === 'serve' ? new Socket({ fd: CONTROL_FD, readable: true, writable: true }) : null
control?.resume().on('error', die).on('end', die)
if (control === null) setTimeout(die, SHOW_MS)
beFirstToGo()

const ownBytes = process.memoryUsage.rss()
// In the built package the suffix is .js.
const worker = new Worker(new URL(import.meta.url.replace(/host(\.[jt]s)$/, 'worker$1')), {
  name: 'js',
  workerData: { purpose, file } satisfies JsStart,
  env: {},
  stdin: false,
  stdout: true,
  stderr: true,
  resourceLimits: { maxOldGenerationSizeMb: Number(mostHeapMb), stackSizeMb: 4 },
})
forward()
worker.on('message', shown => {
  writeSync(CONTROL_FD, JSON.stringify(shown))
  die() // whatever the module has begun
})
worker.on('error', error => end(textOf(error)))
worker.on('exit', code => end(`it exited with code ${code}`))
setInterval(look, LOOK_MS).unref()

// What V8 says when it gives up is all that stands in our own standard error. process.stdout would wait for whoever reads it.
function forward(): void {
  if (control === null) {
    worker.stdout.resume()
    worker.stderr.resume()
    return
  }
  const output = new Socket({ fd: 1, readable: false, writable: true }).on('error', die)
  worker.stdout.pipe(output, { end: false })
  worker.stderr.pipe(output, { end: false })
}

function look(): void {
  if (process.memoryUsage.rss() - ownBytes > MORE_BYTES) end('it takes too much memory')
}

// Its thread may be in an endless loop, which process.exit() would wait for. The last words are in the socket by then.
function end(why: string): void {
  if (control !== null) control.end(why, die)
  else {
    writeSync(CONTROL_FD, JSON.stringify({ problem: why }))
    die()
  }
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

// When the machine has no memory left, the kernel should take it and not the gateway.
function beFirstToGo(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // no Linux, or no /proc
  }
}

function textOf(error: unknown): string {
  try {
    return (error instanceof Error ? error.message : String(error)).slice(0, 2_000)
  } catch {
    return 'an error that cannot be shown'
  }
}
