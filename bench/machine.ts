// bench/machine.ts: where figures come from: the machine, the versions of all that took part, and how busy it was.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Names and what they are here; in the order in which they are printed. */
export type Facts = Readonly<Record<string, string>>

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LOOK_MS = 1_000

export function describeMachine(): Facts {
  return {
    CPU: `${availableParallelism()} of ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${(totalmem() / 1e9).toFixed(0)} GB`,
    kernel: `Linux ${release()}`,
  }
}

/** Of all but Sluice itself; of what is not installed: nothing. */
export function describeVersions(): Facts {
  const versions = {
    Node: process.version.slice(1),
    nginx: said('nginx', ['-v'], /nginx\/(\S+)/),
    HAProxy: said('haproxy', ['-v'], /version (\S+)/),
    uWSGI: said('uwsgi-core', ['--version'], /(\S+)/),
    'http-proxy': packageVersion('http-proxy'),
    undici: packageVersion('undici'),
    OpenSSL: said('openssl', ['version'], /OpenSSL (\S+)/),
    wrk: said('wrk', ['-v'], /wrk (\S+)/),
  }
  return Object.fromEntries(Object.entries(versions).filter(([, version]) => version !== ''))
}

/** With the commit, as a version lives for many of them, and "+" when the checkout has changes. */
export function sluiceVersion(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim()
    const changes = git('status', '--porcelain', '--', ':!docs', ':!bench/figures.json') === '' ? '' : '+'
    return `${version} (${git('rev-parse', '--short', 'HEAD')}${changes})`
  } catch {
    return version
  }
}

/** The share of all CPUs, 0 to 1, that nobody uses at the moment: before a bench it should be close to 1. */
export async function idleShare(): Promise<number> {
  const before = cpuTicks()
  await pause(LOOK_MS)
  const passed = cpuTicks().map((ticks, i) => ticks - before[i]!)
  return passed[3]! / passed.reduce((sum, ticks) => sum + ticks, 0)
}

// Some say it on standard error.
function said(command: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return pattern.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[1] ?? ''
}

function packageVersion(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
}

// user nice system idle iowait irq softirq steal
function cpuTicks(): number[] {
  return readFileSync('/proc/stat', 'latin1').split('\n')[0]!.split(/ +/).slice(1, 9).map(Number)
}
