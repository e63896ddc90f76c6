// test/support/uwsgi.ts: the real uWSGI (Debian's uwsgi-core with its Python plug-in) as a node behind what is tested.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Test, temporaryDirectory } from './tmp.ts'

export interface UwsgiOptions {
  /** Source of a WSGI module with `application`. Default: apps/kitchen.py, whose first lines say what it does. */
  readonly app?: string
  /** Default: 'tcp'. */
  readonly listen?: 'tcp' | 'unix'
  /** More options, such as '--cgi-mode' or '--processes=4'. */
  readonly args?: readonly string[]
}

export interface Uwsgi {
  /** For http-to: "127.0.0.1:40001" or "/tmp/…/uwsgi.sock". */
  readonly address: string
  readonly pid: number
  /** All it said so far, its request lines among it. */
  log(): string
  /** Resolves once the log matches. @throws Error with the log when it ended instead */
  logged(pattern: RegExp): Promise<RegExpExecArray>
  /** Ends it and waits for that. */
  stop(): Promise<void>
}

const UWSGI = '/usr/bin/uwsgi-core'
const PLUGIN = '/usr/lib/uwsgi/plugins/python3_plugin.so'
const KITCHEN = fileURLToPath(new URL('apps/kitchen.py', import.meta.url))
const BOUND = /uwsgi socket 0 bound to \S+ address (\S+)/
const READY = /^spawned uWSGI worker 1 /m

/** Starts uWSGI and waits until its application is loaded and it listens. Ends it with the test. */
export async function startUwsgi(t: Test, options: UwsgiOptions = {}): Promise<Uwsgi> {
  for (const file of [UWSGI, PLUGIN]) {
    if (!existsSync(file))
      throw new Error(`${file} is missing: apt-get install uwsgi-core uwsgi-plugin-python3`)
  }
  const directory = temporaryDirectory(t)
  const child = spawn(UWSGI, commandLine(options, directory), {
    cwd: directory,
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }, // another Python on the path would mislead the plug-in
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = new Log(child)
  const ended = once(child, 'close')
  t.teardown(() => stop(child, ended))
  await log.seen(READY)
  return {
    address: BOUND.exec(log.text)![1]!,
    pid: child.pid!,
    log: () => log.text,
    logged: pattern => log.seen(pattern),
    stop: () => stop(child, ended),
  }
}

function commandLine({ app, listen = 'tcp', args = [] }: UwsgiOptions, directory: string): string[] {
  const module = app === undefined ? KITCHEN : join(directory, 'app.py')
  if (app !== undefined) writeFileSync(module, app)
  return [
    '--plugins-dir=/usr/lib/uwsgi/plugins',
    '--plugin=python3',
    `--socket=${listen === 'tcp' ? '127.0.0.1:0' : join(directory, 'uwsgi.sock')}`,
    '--chmod-socket=666',
    `--wsgi-file=${module}`,
    '--need-app',
    '--die-on-term',
    ...args,
  ]
}

// Its master and workers write to one pipe, which closes when the last of them is gone.
async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(impatience)
}

class Log {
  text = ''
  #hasEnded = false
  #waiting: (() => void)[] = []

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.text += text
        this.#wake()
      })
    }
    child.once('close', () => {
      this.#hasEnded = true
      this.#wake()
    })
  }

  async seen(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text)
      if (match !== null) return match
      if (this.#hasEnded) throw new Error(`uWSGI ended without saying ${pattern}:\n${this.text}`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
