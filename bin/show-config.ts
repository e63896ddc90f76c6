// bin/show-config.ts: `sluice show-config [--json] FILE...`: every option in order after all expansion.
import { loadConfig } from '../config/load.ts'
import { showText } from '../config/show.ts'
import { print } from './print.ts'
import { say } from './say.ts'
import { world } from './world.ts'

/** @returns 0 when everything could be read, even when it would not start */
export function showConfig(argv: readonly string[]): number {
  // First or last: elsewhere --json is uWSGI's option that reads a file.
  const [isFirst, isLast] = [argv[0] === '--json', argv.at(-1) === '--json']
  const rest = argv.slice(isFirst ? 1 : 0, isLast && !isFirst ? -1 : undefined)
  if (rest.length === 0) {
    process.stderr.write(
      'sluice show-config: no config is named. Write "sluice show-config [--json] FILE".\n',
    )
    return 1
  }
  const loaded = loadConfig(rest, world())
  if (loaded.kind === 'command') return print(loaded.command)
  return say(showText(loaded, isFirst || isLast ? 'json' : 'ini'))
}
