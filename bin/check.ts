// bin/check.ts: `sluice check FILE...`: says what a start would say, and touches nothing.
import { loadConfig } from '../config/load.ts'
import { checkText, problemsText } from '../config/show.ts'
import { planStart } from '../master/plan.ts'
import { StartRefused } from '../master/refused.ts'
import { withRuleProblems } from '../master/rules-plan.ts'
import { print } from './print.ts'
import { say, sayWarnings } from './say.ts'
import { world } from './world.ts'

/** @returns 0 when the config would start, as far as that can be known without binding, else 1 */
export async function check(argv: readonly string[]): Promise<number> {
  if (argv.length === 0) {
    process.stderr.write('sluice check: no config is named. Write "sluice check FILE".\n')
    return 1
  }
  const here = world()
  const loaded = loadConfig(argv, here)
  if (loaded.kind === 'command') return print(loaded.command)
  if (loaded.kind === 'problems')
    return say(checkText({ ...loaded, problems: await withRuleProblems(loaded, here.cwd) }))
  const report = checkText(loaded)
  try {
    sayWarnings((await planStart(loaded.config, here, 'check')).warnings)
    return say(report)
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    return say({ out: '', err: report.err + problemsText(error.problems, []), exit: 1 })
  }
}
