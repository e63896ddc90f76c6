// bin/start.ts: `sluice [options] [file.ini ...]`: runs an instance until it is stopped.
import type { Loaded, World } from '../config/load.ts'
import { pairsText, problemsText } from '../config/show.ts'
import { createLog } from '../master/log.ts'
import { planStart } from '../master/plan.ts'
import { runMaster } from '../master/run.ts'
import { say, sayWarnings } from './say.ts'

/** @returns the exit code. @throws StartRefused */
export async function start(
  loaded: Exclude<Loaded, { kind: 'command' }>,
  { cwd, env, version }: World,
): Promise<number> {
  if (loaded.kind === 'problems') {
    return say({ out: '', err: problemsText(loaded.problems, loaded.warnings), exit: 1 })
  }
  const { config } = loaded
  if (config.values['show-config']) process.stderr.write(pairsText(config.pairs, 'ini'))
  sayWarnings(config.warnings)
  const plan = await planStart(config, cwd, env)
  sayWarnings(plan.warnings)
  const print = (text: string) => void process.stdout.write(text)
  return runMaster(plan, { log: createLog(), version, print })
}
