// master/privileges/limits.ts: what the kernel grants us and, by inheritance, every process we start: descriptors and file modes.
// Node cannot set limits; prlimit of util-linux can, which every Debian has.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Config, Problem } from '../../config/config.ts'
import { StartRefused } from '../refused.ts'

const PRLIMIT_MS = 2000

/** What is known to go wrong before it is tried; for a check. */
export function limitProblems(config: Config): Problem[] {
  const wanted = config.values['max-fd']
  if (wanted === null || wanted <= limits().hard) return []
  if (process.geteuid?.() !== 0) return [tooMany(config, limits().hard)]
  const most = numberIn('/proc/sys/fs/nr_open')
  return wanted > most ? [tooMany(config, most)] : []
}

/**
 * Sets umask and max-fd, before anything is made or started and while we may.
 *
 * @throws StartRefused
 */
export function setLimits(config: Config): void {
  const { umask, 'max-fd': wanted } = config.values
  if (umask !== null) process.umask(umask)
  const { soft, hard } = limits()
  if (wanted === null || (wanted === soft && wanted === hard)) return
  try {
    // The hard limit too: every Node raises its soft one to it.
    const args = ['--pid', String(process.pid), `--nofile=${wanted}:${wanted}`]
    execFileSync('prlimit', args, { timeout: PRLIMIT_MS, stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    throw new StartRefused('SLUICE_START_FAILED', [unset(config, error as NodeJS.ErrnoException)])
  }
}

/** Most descriptors that this process may open now. */
export function descriptorLimit(): number {
  return limits().soft
}

function unset(config: Config, error: NodeJS.ErrnoException): Problem {
  const { hard } = limits()
  const wanted = config.values['max-fd']!
  if (error.code !== 'ENOENT') return tooMany(config, hard)
  return {
    place: config.place('max-fd'),
    problem: `"max-fd = ${wanted}" cannot be set: there is no program "prlimit"`,
    remedy:
      'Install util-linux, or set the limit where Sluice is started (ulimit -n, LimitNOFILE of systemd)',
  }
}

function tooMany({ values, place }: Config, most: number): Problem {
  const wanted = values['max-fd']
  const isRoot = process.geteuid?.() === 0
  const who = isRoot ? 'that this machine allows' : `that user ${process.geteuid?.()} is allowed`
  return {
    place: place('max-fd'),
    problem: `"max-fd = ${wanted}" is more than the ${most} ${who}`,
    remedy: isRoot
      ? `Lower it, or raise the limit: sysctl fs.nr_open=${wanted}; in a container, where it is started`
      : `Lower it, start as root, or raise the limit where Sluice is started: LimitNOFILE=${wanted} of systemd, or /etc/security/limits.conf`,
  }
}

// Without /proc nothing is known to be limited.
function limits(): { soft: number; hard: number } {
  const line = /^Max open files\s+(\S+)\s+(\S+)/m.exec(textOf('/proc/self/limits'))
  return { soft: amount(line?.[1]), hard: amount(line?.[2]) }
}

function numberIn(file: string): number {
  return amount(textOf(file).trim() || undefined)
}

function amount(text: string | undefined): number {
  return text === undefined || text === 'unlimited' ? Infinity : Number(text)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
