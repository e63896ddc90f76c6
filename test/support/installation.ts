// test/support/installation.ts: Sluice installed where every user may read it, in a network of its own where every port
// is free; and what its processes may still do. Needs root.
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { childrenOf } from './processes.ts'
import { type Ended, runSluice, type Sluice, type SluiceOptions, startSluice } from './sluice.ts'
import { type Test, temporaryDirectory } from './tmp.ts'

const ROOT = dirname(dirname(import.meta.dirname))
const FOLDERS = ['base', 'bin', 'certs', 'config', 'gateway', 'master', 'routing', 'stats', 'subscription']
const NETWORK = 'ip link set lo up && exec "$@"'
/** Runs the line by the Node that is named first, not by the one of this process. */
const BY_NODE = 'node="$1" && shift 2 && exec "$node" "$@"'

/** What the kernel says about a process. */
export interface Rights {
  readonly pid: number
  readonly name: string
  /** Real, effective, saved and of the file system. */
  readonly uids: readonly number[]
  readonly gids: readonly number[]
  readonly groups: readonly number[]
  /** Permitted, effective and ambient together. */
  readonly capabilities: bigint
}

export interface Installation {
  /** Holds everything; of mode 755. */
  readonly directory: string
  /** Where Sluice is. */
  readonly root: string
  readonly command: string
  /** Its Node. */
  readonly node: string
  start(options: SluiceOptions): Promise<Sluice>
  run(options: SluiceOptions): Promise<Ended>
}

/**
 * Copies the checkout as it is now, with what it needs at run time.
 *
 * @param name of the directory it is installed in, below `directory`
 */
export function install(t: Test, name = 'sluice'): Installation {
  const directory = temporaryDirectory(t)
  chmodSync(directory, 0o755)
  const root = join(directory, name)
  mkdirSync(root, { recursive: true })
  for (const each of ['package.json', ...FOLDERS])
    cpSync(join(ROOT, each), join(root, each), { recursive: true })
  for (const each of runTimePackages()) linkTree(join(ROOT, each), join(root, each))
  const node = join(directory, 'node')
  linkOrCopy(process.execPath, node)
  const cache = join(directory, 'compile-cache') // where each user has a directory, and nobody those of others
  mkdirSync(cache)
  chmodSync(cache, 0o1777)
  const command = join(root, 'bin/sluice.js')
  const placed = (options: SluiceOptions): SluiceOptions => ({
    ...options,
    command,
    wrapper: [
      ...['unshare', '--net', 'sh', '-c', NETWORK, 'sh'],
      ...(options.wrapper ?? []),
      ...['/bin/sh', '-c', BY_NODE, 'sh', node],
    ],
    env: {
      STATE_DIRECTORY: join(directory, 'state'),
      NOTIFY_SOCKET: undefined,
      NODE_COMPILE_CACHE: cache,
      ...options.env,
    },
    cwd: options.cwd ?? openDirectory(t),
  })
  return {
    directory,
    root,
    command,
    node,
    start: options => startSluice(t, placed(options)),
    run: options => runSluice(t, placed(options)),
  }
}

/** A fresh directory that every user may enter. */
export function openDirectory(t: Test): string {
  const directory = temporaryDirectory(t)
  chmodSync(directory, 0o755)
  return directory
}

/** Asks an instance from inside its network. @returns the status; 000 without an answer */
export async function statusFrom({ pid }: Sluice, url: string): Promise<string> {
  const args = [`--net=/proc/${pid}/ns/net`, 'curl', '-sk', '-o', '/dev/null', '-w', '%{http_code}', url]
  const asked = promisify(execFile)('nsenter', args)
  return (await asked.catch((failed: { stdout: string }) => failed)).stdout
}

/** Of the master and every process below it, threads included; those that end meanwhile have none. */
export function rightsOf(master: number): Rights[] {
  return tree(master).flatMap(pid => {
    try {
      return readdirSync(`/proc/${pid}/task`).map(thread =>
        parse(pid, readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1')),
      )
    } catch (error) {
      if (pid !== master && ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? ''))
        return []
      throw error
    }
  })
}

function tree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(tree)]
}

function parse(pid: number, status: string): Rights {
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? ''
  const numbers = (name: string) => field(name).split(/\s+/).filter(Boolean).map(Number)
  const held = ['CapPrm', 'CapEff', 'CapAmb'].map(name => BigInt(`0x${field(name)}`))
  return {
    pid,
    name: field('Name'),
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    groups: numbers('Groups'),
    capabilities: held.reduce((all, each) => all | each),
  }
}

function runTimePackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>
  }
  return Object.entries(packages)
    .filter(([path, { dev, devOptional, optional }]) => path !== '' && !dev && !devOptional && !optional)
    .map(([path]) => path)
    .filter(path => existsSync(join(ROOT, path)))
}

// Links where that is possible: these files are never changed.
function linkTree(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  try {
    execFileSync('cp', ['-a', '--link', from, to], { stdio: 'ignore' })
  } catch {
    cpSync(from, to, { recursive: true })
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    cpSync(from, to)
  }
}
