// test/bin/subscriber.ts: runs the real `sluice subscribe` for a test, and services for it to announce.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from '../support/tmp.ts'

export interface Subscriber {
  readonly pid: number
  /** What it and its command wrote to standard error so far. */
  stderr(): string
  stdout(): string
  /** Resolves once standard error matches. @throws Error with all of it when it ended instead */
  said(pattern: RegExp): Promise<void>
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

const SLUICE = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))

/**
 * An http service of its own, by `node -e`. /slow answers "slow" once SIGUSR2 came. It says "serves" and "slow" on standard
 * error; HUP makes it say "reloads".
 */
export const SERVICE = `
const held = []
process.on('SIGUSR2', () => { for (const answer of held.splice(0)) answer.end('slow') })
process.on('SIGHUP', () => console.error('reloads'))
require('http').createServer((request, answer) => {
  answer.setHeader('connection', 'close')
  if (request.url === '/slow') {
    held.push(answer)
    console.error('slow')
    return
  }
  answer.end()
}).listen(...process.argv[1].startsWith('/') ? [process.argv[1]] : [Number(process.argv[1]), '127.0.0.1'], () => console.error('serves'))
`

/** Ends it, and whatever it started, with the test. @param args behind "subscribe" */
export function subscriber(t: Test, args: readonly string[]): Subscriber {
  const child = spawn(process.execPath, [SLUICE, 'subscribe', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: undefined },
  })
  const text = { stdout: '', stderr: '' }
  let waiting: (() => void)[] = []
  let isOver = false
  const wake = () => {
    const due = waiting
    waiting = []
    for (const each of due) each()
  }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (piece: string) => {
      text[name] += piece
      wake()
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => {
    isOver = true
    wake()
    return { code, signal }
  })
  t.teardown(() => end(child, ended))
  return {
    pid: child.pid!,
    stderr: () => text.stderr,
    stdout: () => text.stdout,
    said: async pattern => {
      while (!pattern.test(text.stderr)) {
        if (isOver) throw new Error(`it ended without saying ${pattern}:\n${text.stderr}`)
        await new Promise<void>(resolve => waiting.push(resolve))
      }
    },
    kill: signal => void child.kill(signal),
    ended,
  }
}

/** The words of a command that runs {@link SERVICE} on that port or path. */
export function serviceOn(port: number | string): string[] {
  return [process.execPath, '-e', SERVICE, String(port)]
}

export const KITCHEN = join(import.meta.dirname, '../support/apps/kitchen.py')

// Three times TERM: leaves, hurries, kills. It takes its command with it.
async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  for (let i = 0; i < 3 && child.exitCode === null && child.signalCode === null; i++) {
    child.kill('SIGTERM')
    await new Promise(resolve => setImmediate(resolve))
  }
  const impatience = setInterval(() => child.kill('SIGTERM'), 50)
  await ended
  clearInterval(impatience)
}
