// bench/prerequisites.ts: what the bench needs of the machine, checked before anything starts.
import { accessSync, constants } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

// Debian's packages for commands whose package has another name.
const PACKAGES: Readonly<Record<string, string>> = {
  taskset: 'util-linux',
  'uwsgi-core': 'uwsgi-core uwsgi-plugin-python3',
}
const ALWAYS = ['taskset', 'wrk', 'nginx']

/** @throws Error that names all that is missing and how to get it */
export async function checkPrerequisites(commands: readonly string[]): Promise<void> {
  addSystemDirectories()
  const missing = [...new Set([...ALWAYS, ...commands])].filter(command => !exists(command))
  if (missing.length > 0) {
    const packages = missing.map(command => PACKAGES[command] ?? command)
    throw new Error(`missing: ${missing.join(', ')}. Install with: apt-get install ${packages.join(' ')}`)
  }
  if (availableParallelism() < 2)
    throw new Error('one CPU is for the gateway and one for the load: this needs two')
}

// Debian keeps servers where the path of a plain user does not lead.
function addSystemDirectories(): void {
  process.env.PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`
}

function exists(command: string): boolean {
  return (process.env.PATH ?? '').split(':').some(directory => {
    try {
      accessSync(join(directory, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
