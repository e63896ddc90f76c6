// bin/version.ts: which Sluice this is.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** From the package.json above this file, which is one folder further up in the built package. */
export function version(): string {
  const file = ['..', '../..']
    .map(up => join(import.meta.dirname, up, 'package.json'))
    .find(path => existsSync(path))
  return file ? JSON.parse(readFileSync(file, 'utf8')).version : 'unknown'
}
