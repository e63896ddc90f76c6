// bin/instance.ts: runs an instance with a good config until it is stopped.
import type { Config } from '../config/config.ts'
import { loadConfig, type World } from '../config/load.ts'
import { Logs } from '../master/logs/logs.ts'
import { planStart, type StartPlan } from '../master/plan.ts'
import { StartRefused } from '../master/refused.ts'
import { withRuleProblems } from '../master/rules-plan.ts'
import { runMaster } from '../master/run.ts'
import { takeNotifySocket } from '../master/steering/notify.ts'
import { closeUninvitedInspector } from './inspector.ts'
import { sayWarnings } from './say.ts'
import { terminal } from './terminal.ts'
import { version } from './version.ts'

/** @param argv of which `config` was read, and will be again. @returns the exit code. @throws StartRefused */
export async function runInstance(config: Config, here: World, argv: readonly string[]): Promise<number> {
  const notifySocket = takeNotifySocket()
  sayWarnings(config.warnings)
  const plan = await planStart(config, here, 'start')
  sayWarnings(plan.warnings)
  const print = (text: string) => {
    closeUninvitedInspector() // a signal of the first moments may have come through only now
    terminal.out(text)
    terminal.end(0)
  }
  const read = () => readAgain(argv, here)
  // Files are opened by the user that Sluice becomes, never by root.
  const logs = new Logs(plan.logs, { isHeld: plan.user !== null })
  try {
    return await runMaster(plan, { logs, version: here.version, print, read, notifySocket })
  } finally {
    await logs.close()
  }
}

// What environment and directory were at the start counts: the process's own may have changed since.
async function readAgain(argv: readonly string[], here: World): Promise<StartPlan> {
  const now = { ...here, version: version() }
  const loaded = loadConfig(argv, now)
  if (loaded.kind === 'config') return planStart(loaded.config, now, 'reload')
  const problems = loaded.kind === 'problems' ? await withRuleProblems(loaded, now.cwd) : []
  throw new StartRefused('SLUICE_OPTION_INVALID', problems)
}
