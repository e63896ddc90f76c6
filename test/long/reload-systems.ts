// test/long/reload-systems.ts: what is reloaded: Sluice in its two ways, nginx and HAProxy, each as its makers advise.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accepts, freePort } from '../../bench/processes.ts'
import { until } from '../support/processes.ts'
import { type Test, temporaryDirectory } from '../support/tmp.ts'
import { haproxyConfig, nginxConfig, type Place, type SystemOptions, sluiceConfig } from './reload-configs.ts'

export type SystemName = 'sluice in place' | 'sluice --replace' | 'sluice both ways' | 'nginx' | 'haproxy'

export interface System {
  readonly name: SystemName
  readonly port: number
  /** Of the process all others descend from. */
  readonly pid: number
  /** The reload says when it is over: every request that begins then follows the new config. */
  readonly tellsWhenDone: boolean
  /** Puts a version of the config in force. @returns what the command said */
  reload(version: number): Promise<string>
  /** The last lines of its log. */
  log(): string
}

/** The `sluice` command as it lies in the checkout. */
export const CHECKOUT_COMMAND = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))

/** One kind of gateway: its configuration, its command, and how it is told to reload. */
interface Kind {
  readonly file: string
  readonly tellsWhenDone: boolean
  config(place: Place, version: number): string
  /** Serves in the foreground. */
  readonly start: (place: Place) => readonly string[]
  readonly reload: (place: Place, version: number, pid: number) => readonly string[]
}

const START_MS = 15_000
const COMMAND_MS = 30_000
const LONGEST_LOG = 3_000

const KINDS: Readonly<Record<SystemName, Kind>> = {
  'sluice in place': sluice(() => false),
  'sluice --replace': sluice(() => true),
  'sluice both ways': sluice(version => version % 2 === 0),
  nginx: {
    file: 'nginx.conf',
    tellsWhenDone: false,
    config: nginxConfig,
    start: ({ directory, path }) => ['nginx', '-e', 'stderr', '-p', directory, '-c', path],
    reload: ({ directory, path }) => ['nginx', '-e', 'stderr', '-p', directory, '-c', path, '-s', 'reload'],
  },
  haproxy: {
    file: 'haproxy.cfg',
    tellsWhenDone: false,
    config: haproxyConfig,
    start: ({ directory, path }) => [
      'haproxy',
      '-W',
      '-db',
      '-S',
      join(directory, 'master.sock'),
      '-f',
      path,
    ],
    reload: (_place, _version, pid) => ['kill', '-USR2', String(pid)],
  },
}

/** Starts one with version 0 of its config and waits until it serves. It ends with the test. */
export async function startSystem(t: Test, name: SystemName, options: SystemOptions): Promise<System> {
  const kind = KINDS[name]
  const directory = temporaryDirectory(t)
  chmodSync(directory, 0o755) // nginx started by root works as another user
  const place = { ...options, directory, path: join(directory, kind.file), port: await freePort() }
  const logFile = join(directory, 'log')
  const log = () => readFileSync(logFile, 'utf8').slice(-LONGEST_LOG)
  writeFileSync(place.path, kind.config(place, 0))
  const child = launch(t, kind.start(place), directory, logFile)
  await until(
    `${name} serves`,
    async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended:\n${log()}`)
      return accepts(place.port)
    },
    START_MS,
  )
  return {
    name,
    port: place.port,
    pid: child.pid!,
    tellsWhenDone: kind.tellsWhenDone,
    log,
    reload: version => {
      writeFileSync(place.path, kind.config(place, version))
      return run(kind.reload(place, version, child.pid!), directory)
    },
  }
}

function sluice(replaces: (version: number) => boolean): Kind {
  return {
    file: 'sluice.ini',
    tellsWhenDone: true,
    config: sluiceConfig,
    start: ({ command, path }) => [process.execPath, command, path],
    reload: ({ command, directory }, version) => [
      process.execPath,
      command,
      'reload',
      ...(replaces(version) ? ['--replace'] : []),
      '--pidfile',
      join(directory, 'pid'),
    ],
  }
}

function launch(t: Test, command: readonly string[], cwd: string, logFile: string): ChildProcess {
  const output = openSync(logFile, 'w')
  const child = spawn(command[0]!, command.slice(1), {
    cwd,
    env: environment(cwd),
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const gone = once(child, 'close')
  // TERM is a stop at once for nginx and HAProxy, INT for Sluice.
  t.teardown(async () => {
    child.kill(command[0] === process.execPath ? 'SIGINT' : 'SIGTERM')
    const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await gone
    clearTimeout(impatience)
  })
  return child
}

function run(command: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: environment(cwd), timeout: COMMAND_MS }
    execFile(command[0]!, command.slice(1), options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command.join(' ')}: ${error.message}\n${stdout}${stderr}`))
      else resolve(`${stdout}${stderr}`)
    })
  })
}

// Control sockets are in a place of its own: other instances on this machine do not meet this one.
function environment(directory: string): NodeJS.ProcessEnv {
  const own = { RUNTIME_DIRECTORY: directory, STATE_DIRECTORY: directory, NOTIFY_SOCKET: undefined }
  const path = `${process.env.PATH}:/usr/sbin:/sbin`
  return { ...process.env, ...own, PATH: path, NODE_OPTIONS: undefined }
}
