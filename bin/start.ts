// bin/start.ts: `sluice [options] [file.ini ...]`: runs an instance until it is stopped, or starts one in the background.
import { type Loaded, loadConfig, type World } from '../config/load.ts'
import { pairsText, problemsText } from '../config/show.ts'
import { Logs } from '../master/logs/logs.ts'
import { planStart, type StartPlan } from '../master/plan.ts'
import { StartRefused } from '../master/refused.ts'
import { runMaster } from '../master/run.ts'
import { daemonLog } from '../master/steering/daemon-log.ts'
import { takeNotifySocket } from '../master/steering/notify.ts'
import { settleInBackground, startInBackground } from './background.ts'
import { closeUninvitedInspector } from './inspector.ts'
import { say, sayWarnings } from './say.ts'
import { terminal } from './terminal.ts'
import { version } from './version.ts'

/** @param argv of which `loaded` was read. @returns the exit code. @throws StartRefused */
export async function start(
  loaded: Exclude<Loaded, { kind: 'command' }>,
  here: World,
  argv: readonly string[],
): Promise<number> {
  if (loaded.kind === 'problems') {
    return say({ out: '', err: problemsText(loaded.problems, loaded.warnings), exit: 1 })
  }
  const { cwd } = here
  const { config } = loaded
  const background = daemonLog(config, cwd)
  if (background !== null && !terminal.isInBackground) return startInBackground(config, background, argv)
  if (terminal.isInBackground) settleInBackground()
  const notifySocket = takeNotifySocket()
  if (config.values['show-config']) terminal.err(pairsText(config.pairs, 'ini'))
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
  const problems = loaded.kind === 'problems' ? loaded.problems : []
  throw new StartRefused('SLUICE_OPTION_INVALID', problems)
}
