// test/support/config.ts: a config from options as on the command line, for tests of modules that take one.
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'

/** @param argv "--http :0" is put before it. @throws Error with what is wrong */
export function configOf(argv: readonly string[], cwd = '/'): Config {
  const loaded = loadConfig(['--http', ':0', ...argv], { cwd, env: {}, version: '0.0.0' })
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded))
  return loaded.config
}
