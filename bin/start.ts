// bin/start.ts: `sluice [options] [file.ini ...]`: what comes before an instance: a config that is wrong ends it, and one that
// wants the background starts another process. Only then is what an instance needs loaded.
import type { Loaded, World } from '../config/load.ts'
import { pairsText, problemsText } from '../config/show.ts'
import { daemonLog } from '../master/steering/daemon-log.ts'
import { settleInBackground, startInBackground } from './background.ts'
import { say } from './say.ts'
import { terminal } from './terminal.ts'

/** @param argv of which `loaded` was read. @returns the exit code. @throws StartRefused */
export async function start(
  loaded: Exclude<Loaded, { kind: 'command' }>,
  here: World,
  argv: readonly string[],
): Promise<number> {
  if (loaded.kind === 'problems') {
    const { withRuleProblems } = await import('../master/rules-plan.ts')
    const problems = await withRuleProblems(loaded, here.cwd)
    return say({ out: '', err: problemsText(problems, loaded.warnings), exit: 1 })
  }
  const { config } = loaded
  const background = daemonLog(config, here.cwd)
  if (background !== null && !terminal.isInBackground) return startInBackground(config, background, argv)
  if (terminal.isInBackground) settleInBackground()
  if (config.values['show-config']) terminal.err(pairsText(config.pairs, 'ini'))
  const { runInstance } = await import('./instance.ts')
  return runInstance(config, here, argv)
}
