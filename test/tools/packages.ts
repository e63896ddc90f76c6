// test/tools/packages.ts: the Debian packages that the tests need, and how a machine gets them.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { withServicesQuiet } from './quiet-services.ts'

/** A package, and a file that is there exactly when it is installed. Add a line here when a test needs more. */
export interface DebianPackage {
  readonly name: string
  readonly proof: string
}

export const PACKAGES: readonly DebianPackage[] = [
  { name: 'curl', proof: '/usr/bin/curl' },
  { name: 'haproxy', proof: '/usr/sbin/haproxy' },
  { name: 'iproute2', proof: '/sbin/ip' },
  { name: 'nginx', proof: '/usr/sbin/nginx' },
  { name: 'openssl', proof: '/usr/bin/openssl' },
  { name: 'python3', proof: '/usr/bin/python3' },
  { name: 'systemd', proof: '/usr/bin/systemd-socket-activate' },
  { name: 'uwsgi-core', proof: '/usr/bin/uwsgi-core' },
  { name: 'uwsgi-plugin-python3', proof: '/usr/bin/uwsgi_python3' },
  { name: 'wrk', proof: '/usr/bin/wrk' },
]

export type Decision = 'nothing to do' | 'install' | 'ask' | 'refuse'

/** What to do about missing packages: nobody's machine is changed without a word from its owner. */
export function decide(
  missing: readonly DebianPackage[],
  env: Readonly<Record<string, string | undefined>>,
  hasTerminal: boolean,
): Decision {
  if (missing.length === 0) return 'nothing to do'
  if (isSet(env.CI) || isSet(env.SLUICE_APT)) return 'install'
  return hasTerminal ? 'ask' : 'refuse'
}

export function missingOf(
  packages: readonly DebianPackage[],
  exists: (path: string) => boolean = existsSync,
): DebianPackage[] {
  return packages.filter(({ proof }) => !exists(proof))
}

/** What a person reads who has to install them by hand. */
export function explain(missing: readonly DebianPackage[]): string {
  const names = missing.map(({ name }) => name).join(' ')
  return [
    `The tests need ${missing.length === 1 ? 'a Debian package that is' : 'Debian packages that are'} missing: ${names}`,
    'Install what is missing with:',
    `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`,
    'or let "npm test" do it, without starting any of their services, as root:',
    '  SLUICE_APT=1 npm test',
    '',
  ].join('\n')
}

/** Makes sure that every package is there. @returns false, with the reason on standard error, when one is not */
export async function ensurePackages(packages: readonly DebianPackage[] = PACKAGES): Promise<boolean> {
  const missing = missingOf(packages)
  const hasTerminal = Boolean(process.stdin.isTTY && process.stderr.isTTY)
  let decision = decide(missing, process.env, hasTerminal)
  if (decision === 'ask') decision = (await userAgrees(missing)) ? 'install' : 'refuse'
  if (decision === 'install') install(missing.map(({ name }) => name))

  const stillMissing = missingOf(packages)
  if (stillMissing.length > 0) process.stderr.write(explain(stillMissing))
  return stillMissing.length === 0
}

async function userAgrees(missing: readonly DebianPackage[]): Promise<boolean> {
  const names = missing.map(({ name }) => name).join(' ')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(
    `The tests need: ${names}\nInstall by apt-get now? No service is started. [y/N] `,
  )
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

function install(names: readonly string[]): void {
  if (process.getuid?.() !== 0) {
    process.stderr.write('Only root may install packages.\n')
    return
  }
  withServicesQuiet(() => {
    const listsWereThere = hasPackageLists()
    if (!listsWereThere) aptGet(['update'])
    if (aptGet(['install', ...names]) || !listsWereThere) return
    aptGet(['update']) // old lists name files that the mirror has replaced since
    aptGet(['install', ...names])
  })
}

function hasPackageLists(): boolean {
  const lists = '/var/lib/apt/lists'
  return existsSync(lists) && readdirSync(lists).some(name => /_Packages(\.\w+)?$/.test(name))
}

// Output goes to standard error: standard output belongs to the tests' report.
function aptGet(args: readonly string[]): boolean {
  const options = ['-q', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120']
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, error } = spawnSync('apt-get', [...options, ...args], { env, stdio: ['ignore', 2, 2] })
  if (error !== undefined) process.stderr.write(`apt-get cannot be run: ${error.message}\n`)
  return status === 0
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'no'].includes(value.toLowerCase())
}

if (import.meta.main && !(await ensurePackages())) process.exitCode = 1
