// master/reload.ts: what a new plan asks of the running instance: which of it needs new gateways, and which a restart.
import type { Picture } from '../base/picture.ts'
import type { Place, Problem } from '../config/config.ts'
import type { OptionName } from '../config/table.ts'
import { boundName } from './picture.ts'
import type { StartPlan } from './plan.ts'
import type { BoundListener } from './sockets/sockets.ts'

/** Read once, at the start: a change waits for the next one. */
const AT_START: readonly OptionName[] = [
  'umask',
  'max-fd',
  'pidfile',
  'pidfile2',
  'safe-pidfile',
  'safe-pidfile2',
  'daemonize',
  'daemonize2',
  'procname',
  'procname-master',
  'procname-prefix',
  'procname-prefix-spaced',
  'procname-append',
  'control-socket',
  'master-fifo',
]
/** Rights that were given up cannot be taken back to become somebody else. */
const WHO: readonly OptionName[] = ['uid', 'gid', 'add-gid', 'no-initgroups']

/** Sockets of a plan: one for each of its binds. */
export interface Bound {
  readonly plan: StartPlan
  readonly bound: readonly BoundListener[]
}

/** Why running gateways cannot follow the new plan in place; [] when they can. Pure. */
export function reasonsForNew(before: Bound, after: Bound): string[] {
  const was = before.plan.config.values
  const is = after.plan.config.values
  const added = after.bound.filter(listener => !before.bound.includes(listener))
  const gone = before.bound.filter(listener => !after.bound.includes(listener))
  const [addedNames, goneNames] = [added.map(boundName), gone.map(boundName)]
  return [
    ...addedNames.map(name =>
      goneNames.includes(name) ? `another socket for ${name}` : `listens on ${name}`,
    ),
    ...goneNames.filter(name => !addedNames.includes(name)).map(name => `listens no more on ${name}`),
    ...tlsSwitches(before, after),
    ...(was.listen === is.listen ? [] : [`listen: ${was.listen} -> ${is.listen}`]),
    ...(before.plan.gateways === after.plan.gateways
      ? []
      : [`http-processes: ${before.plan.gateways} -> ${after.plan.gateways}`]),
    ...(before.plan.version === after.plan.version
      ? []
      : [`Sluice ${before.plan.version} -> ${after.plan.version}`]),
    ...(before.plan.hasSocketPerGateway === after.plan.hasSocketPerGateway ? [] : ['reuse-port']),
  ]
}

/** What only a restart can change, though the rest of the config is good. Pure. */
export function refusals(before: StartPlan, after: StartPlan): Problem[] {
  return changed(WHO, before, after).map(option => ({
    place: placeNow(option, before, after),
    problem: `option "${option}" changed, and the rights to become somebody else were given up at the start`,
    remedy: 'Restart Sluice, or take the change back',
  }))
}

/** Warnings about options that are read at the start only: `atStart` is the plan of that. Pure. */
export function waitingForRestart(atStart: StartPlan, after: StartPlan): Problem[] {
  return changed(AT_START, atStart, after).map(option => ({
    place: placeNow(option, atStart, after),
    problem: `the change of "${option}" waits for the next restart`,
    remedy: '',
  }))
}

/** Whether two pictures say the same. Pure. */
export function saysTheSame(a: Picture, b: Picture): boolean {
  return JSON.stringify({ ...a, version: 0 }) === JSON.stringify({ ...b, version: 0 })
}

/** What changed in files that the config names, though their names stayed. Pure. */
export function changedFiles(before: Picture, after: Picture): string[] {
  return after.listeners.flatMap(({ name, tls }) => {
    const old = before.listeners.find(listener => listener.name === name)?.tls
    if (!tls || !old) return []
    const what = [
      ...(tls.cert === old.cert ? [] : ['certificate']),
      ...(tls.key === old.key ? [] : ['key']),
      ...(tls.clientCa === old.clientCa ? [] : ['CA']),
    ]
    return what.length === 0 ? [] : [`${name}: new ${what.join(' and ')}`]
  })
}

/** Rules that differ although no option does: their order across options, or a file that they name. Pure. */
export function changedRules(before: Picture, after: Picture, optionChanges: readonly string[]): string[] {
  if (before.rules === after.rules || optionChanges.some(line => /^[a-z-]*(route|header)/.test(line)))
    return []
  return ['rules: in another order, or with other files']
}

function tlsSwitches(before: Bound, after: Bound): string[] {
  return after.plan.listeners.flatMap(({ bind, tls }) => {
    const listener = after.bound[bind]!
    const old = before.plan.listeners.find(other => before.bound[other.bind] === listener)
    if (old === undefined || (old.tls === null) === (tls === null)) return []
    return [`${boundName(listener)} speaks ${tls ? 'https' : 'http'}`]
  })
}

// Of an option that was taken out: the file it was in.
function placeNow(option: OptionName, before: StartPlan, after: StartPlan): Place {
  const now = after.config.place(option)
  return now.file === null ? { ...before.config.place(option), line: 0 } : now
}

function changed(options: readonly OptionName[], before: StartPlan, after: StartPlan): OptionName[] {
  const { values: was } = before.config
  const { values: is } = after.config
  return options.filter(option => JSON.stringify(was[option]) !== JSON.stringify(is[option]))
}
