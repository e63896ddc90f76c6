// config/subscription-checks.ts: what is wrong between the options by which nodes announce themselves.
import type { DatagramAddress } from '../base/datagram-address.ts'
import { readKey } from '../base/table-key.ts'
import type { Checked, Tell } from './checked.ts'
import { placeText } from './config.ts'
import type { OptionName } from './table.ts'

const TAKE_OUT = 'Take it out'

/** Mean nothing where nobody can announce itself. */
const IDLE: readonly OptionName[] = [
  'subscriptions-sign-check',
  'subscriptions-sign-check-tolerance',
  'subscriptions-sign-skew',
  'subscription-allow',
  'subscription-state',
  'subscription-tolerance',
  'subscription-max-per-source',
  'subscription-max-per-key',
  'subscription-max-nodes',
]

/** Pure. */
export function checkSubscriptions(checked: Checked, wrong: Tell, warn: Tell): void {
  checkServers(checked, wrong)
  checkTargets(checked, wrong)
  checkFallbackKey(checked, wrong)
  checkShadows(checked, warn)
  checkSignCheckLines(checked, warn)
  checkMulticast(checked, warn)
  if (checked.values['http-subscription-server'].length === 0) checkIdle(checked, warn)
  else {
    checkTrust(checked, warn)
    checkOthers(checked, warn)
  }
}

function checkServers({ values, place }: Checked, wrong: Tell): void {
  const servers = values['http-subscription-server']
  for (const [i, { text, port }] of servers.entries()) {
    if (port === 0 || !servers.slice(0, i).some(before => before.text === text)) continue
    wrong(
      place('http-subscription-server', i),
      `option "http-subscription-server" names ${text} twice`,
      TAKE_OUT,
    )
  }
  for (const [i, server] of servers.entries()) {
    const wide = servers.find(other => isAll(other) && other.text !== server.text && covers(other, server))
    if (wide === undefined || server.port === 0) continue
    const problem = `option "http-subscription-server" cannot take ${server.text} beside ${wide.text}, which is all addresses of this port`
    const remedy = server.isMulticast ? 'Give the group a port of its own' : TAKE_OUT
    wrong(place('http-subscription-server', i), problem, remedy)
  }
}

function isAll({ host }: DatagramAddress): boolean {
  return host === '0.0.0.0' || host === '::'
}

function covers(all: DatagramAddress, { port, isIpv6 }: DatagramAddress): boolean {
  return all.port === port && all.isIpv6 === isIpv6
}

// A key that no node can have serves nobody, and nothing would tell.
function checkFallbackKey({ values, place }: Checked, wrong: Tell): void {
  const key = values['http-subscription-fallback-key']
  if (key === null || (readKey(key) !== null && !key.startsWith('*.'))) return
  const problem = `option "http-subscription-fallback-key": no node can have the key ${key}`
  wrong(
    place('http-subscription-fallback-key'),
    problem,
    'Write a key as nodes announce it, such as www.example.com',
  )
}

// Of lines with patterns the first that fits counts.
function checkShadows({ values, place }: Checked, warn: Tell): void {
  for (const option of ['subscription-protocol', 'health-check'] as const) {
    const lines: readonly { readonly key: string }[] = values[option]
    for (const [i, { key }] of lines.entries()) {
      const before = lines.findIndex(other => other.key === '*' || other.key === key)
      if (before >= i) continue
      const problem = `option "${option}" never counts for ${key}: a line above, key=${lines[before]!.key}, takes all of it`
      warn(place(option, i), problem, 'Write it above that line, or take it out')
    }
  }
}

// As in uWSGI the last line counts, and who writes two wants both.
function checkSignCheckLines({ place }: Checked, warn: Tell): void {
  const option = 'subscriptions-sign-check'
  const last = place(option)
  const first = place(option, 0)
  if (first.file === last.file && first.line === last.line) return
  const problem = `option "${option}" has no effect here: the line at ${placeText(last)} takes its place`
  warn(first, problem, `${TAKE_OUT}; several digests go into one line: SHA256,SHA512:DIR`)
}

function checkMulticast({ values, place }: Checked, warn: Tell): void {
  if (values['http-resubscribe'].length > 0) return
  for (const option of ['multicast-ttl', 'multicast-loop'] as const) {
    if (place(option).file === null) continue
    warn(place(option), `option "${option}" has no effect without http-resubscribe`, TAKE_OUT)
  }
}

function checkTargets({ values, place }: Checked, wrong: Tell): void {
  for (const [i, { text }] of values['http-resubscribe'].entries()) {
    if (!values['http-subscription-server'].some(server => server.text === text && !server.isMulticast))
      continue
    const problem = `option "http-resubscribe" passes packets on to ${text}, where this configuration receives them`
    wrong(place('http-resubscribe', i), problem, 'Name the address of another server')
  }
}

// What only means something where nodes can announce themselves.
function checkIdle({ values, place }: Checked, warn: Tell): void {
  const remedy = 'Add a line such as http-subscription-server = 127.0.0.1:4000, or take it out'
  const without = 'has no effect without http-subscription-server'
  if (values['http-resubscribe'].length > 0)
    warn(place('http-resubscribe'), `option "http-resubscribe" ${without}`, remedy)
  if (values['subscription-protocol'].length > 0)
    warn(place('subscription-protocol'), `option "subscription-protocol" ${without}`, remedy)
  if (values['http-cheap']) warn(place('http-cheap'), `option "http-cheap" ${without}`, remedy)
  for (const option of IDLE) {
    // An option with a default has a place only where somebody wrote it.
    const isGiven = place(option).file !== null
    if (isGiven) warn(place(option), `option "${option}" ${without}`, remedy)
  }
  const key = values['http-subscription-fallback-key']
  if (key !== null && !values.backend.some(node => node.key === key)) {
    const problem = `option "http-subscription-fallback-key" names ${key}, which no backend has and nobody can announce`
    warn(place('http-subscription-fallback-key'), problem, remedy)
  }
}

// Source addresses can be forged, but who forges loopback does not get through a network.
function checkTrust({ values, place }: Checked, warn: Tell): void {
  if (values['subscriptions-sign-check'] !== null || values['subscription-allow'].length > 0) return
  for (const [i, server] of values['http-subscription-server'].entries()) {
    if (isLoopback(server)) continue
    const problem = `${server.text} takes unsigned announcements: any host that can send UDP there may take over every key`
    const remedy =
      'Have them signed (subscriptions-sign-check), or say who may announce what: subscription-allow = source=10.0.0.0/8,key=*.example.com'
    warn(place('http-subscription-server', i), problem, remedy)
  }
}

// A file that served only subscribed keys would open all others.
function checkOthers({ values, place }: Checked, warn: Tell): void {
  if (values['http-to'].length === 0) return
  const problem =
    'http-to serves the hosts that nobody announces, where uWSGI ignores it beside a subscription server'
  warn(place('http-to'), problem, 'Take it out if such hosts are to get 503')
}

function isLoopback({ host }: DatagramAddress): boolean {
  return host.startsWith('127.') || host === '::1'
}
