// config/cross-checks.ts: what is wrong between options that are right one by one.
import type { ListenAddress, NodeAddress } from '../base/address.ts'
import { checkAnnouncing } from './announcing-checks.ts'
import { checkBalance } from './balance-checks.ts'
import type { Checked, Tell } from './checked.ts'
import { COMMAND_LINE, type Place, type Problem, placeText } from './config.ts'
import { isEverywhere, isRepeat, isSameSocket, type Listener, listenersOf } from './listeners.ts'
import { checkLogs } from './log-checks.ts'
import { isKnownPlugin } from './plugins.ts'
import { checkService } from './service-checks.ts'
import { checkStatistics } from './statistics-checks.ts'
import { checkSubscriptions } from './subscription-checks.ts'
import type { OptionName, Values } from './table.ts'

export interface CrossChecked {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

const OTHER_ADDRESS = 'Take one of them out, or choose another address'

/** Pure. */
export function crossCheck(checked: Checked): CrossChecked {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const wrong: Tell = (place, problem, remedy) => problems.push({ place, problem, remedy })
  const warn: Tell = (place, problem, remedy) => warnings.push({ place, problem, remedy })
  const listeners = listenersOf(checked)
  checkSharedSockets(checked, listeners, wrong)
  checkDoubles(checked, listeners, wrong, warn)
  checkLoops(checked, listeners, wrong)
  checkLimits(checked, wrong)
  checkPlugins(checked, wrong, warn)
  checkService(checked, wrong, warn)
  checkLogs(checked, wrong, warn)
  checkSubscriptions(checked, wrong, warn)
  checkBalance(checked, wrong, warn)
  checkStatistics(checked, warn)
  checkAnnouncing(checked, wrong, warn)
  return { problems, warnings }
}

/** Whether there is anything to serve. */
export function hasListener(values: Values): boolean {
  return values.http.length + values.https.length + values['http-to-https'].length > 0
}

/** @param file the first one read; null for none */
export function nothingToServe(file: string | null): Problem {
  return {
    place: file === null ? COMMAND_LINE : { file, line: 0 },
    problem: 'there is nothing to serve: no http, https or http-to-https is given',
    remedy: 'Add a line such as http = :8080',
  }
}

function checkSharedSockets({ values }: Checked, listeners: readonly Listener[], wrong: Tell): void {
  const count = values['shared-socket'].length
  for (const { option, address, place } of listeners) {
    if (address.kind !== 'shared' || address.index < count) continue
    const have = count === 0 ? 'there is no shared-socket' : `the last shared-socket is =${count - 1}`
    wrong(
      place,
      `option "${option}" uses ${address.text}, but ${have}`,
      'Add a line such as shared-socket = :443',
    )
  }
}

/** A socket that some line asks for. */
type Claim = Pick<Listener, 'address' | 'place'> & { readonly option: OptionName }

// Each socket speaks one protocol, so each address belongs to one line. The same line twice does no harm.
function checkDoubles(
  { values, place }: Checked,
  listeners: readonly Listener[],
  wrong: Tell,
  warn: Tell,
): void {
  const shared: readonly Claim[] = values['shared-socket'].map((address, i) => {
    return { option: 'shared-socket', address, place: place('shared-socket', i) }
  })
  for (const [i, second] of shared.entries()) {
    const first = shared.slice(0, i).find(other => isSameSocket(other.address, second.address))
    if (first) wrong(second.place, taken(second, first), OTHER_ADDRESS)
  }
  for (const [i, second] of listeners.entries()) {
    const before = listeners.slice(0, i)
    const socket = shared.findIndex(other => isSameSocket(other.address, second.address))
    const first = shared[socket] ?? before.find(other => isSameSocket(other.address, second.address))
    if (first === undefined) continue
    const tell = before.some(other => isRepeat(other, second)) ? warn : wrong
    tell(
      second.place,
      taken(second, first),
      socket < 0 ? OTHER_ADDRESS : `Write =${socket} to use the shared socket`,
    )
  }
}

function taken(second: Claim, first: Claim): string {
  return `option "${second.option}" listens on ${second.address.text}, which "${first.option}" already uses ${where(first.place)}`
}

function where(place: Place): string {
  return place.file === null ? 'on the command line' : `at ${placeText(place)}`
}

// A node that is our own listener would send each request round until the limits end it.
function checkLoops({ values, place }: Checked, listeners: readonly Listener[], wrong: Tell): void {
  for (const option of ['http-to', 'http-fallback', 'backend'] as const) {
    for (const [i, value] of values[option].entries()) {
      const node = 'address' in value ? value.address : value
      const own = ownListener(node, listeners)
      if (own === undefined) continue
      const problem = `option "${option}" sends requests to ${node.name}, where "${own.option}" of this configuration listens`
      wrong(place(option, i), problem, 'Name the address of the application')
    }
  }
}

/** The listener of this configuration that a node is; undefined: it is none. */
export function ownListener(node: NodeAddress, listeners: readonly Listener[]): Listener | undefined {
  return listeners.find(listener => leadsTo(node, listener.address))
}

function leadsTo(node: NodeAddress, address: ListenAddress): boolean {
  if (node.kind === 'tcp' && address.kind === 'tcp') {
    if (node.port !== address.port) return false
    return node.host === address.host || (isEverywhere(address.host) && isLoopback(node.host))
  }
  if (node.kind !== 'unix') return false
  return (
    (address.kind === 'unix' && node.path === address.path) ||
    (address.kind === 'abstract' && node.path === `\0${address.name}`)
  )
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost'
}

function checkLimits({ values, place }: Checked, wrong: Tell): void {
  if (values['http-max-uri'] <= values['http-max-head-size']) return
  const problem = `option "http-max-uri" allows ${values['http-max-uri']} bytes, more than the ${values['http-max-head-size']} of http-max-head-size`
  wrong(place('http-max-uri'), problem, 'Raise http-max-head-size, or lower http-max-uri')
}

function checkPlugins({ values, place }: Checked, wrong: Tell, warn: Tell): void {
  for (const [option, tell] of [
    ['plugins', warn],
    ['need-plugins', wrong],
  ] as const) {
    for (const [i, plugin] of values[option].entries()) {
      if (!isKnownPlugin(plugin))
        tell(place(option, i), `plugin "${plugin}" is not one that Sluice can stand in for`, 'Take it out')
    }
  }
}
