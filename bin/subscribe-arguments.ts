// bin/subscribe-arguments.ts: what `sluice subscribe` is asked to announce, read and checked before anything starts.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { parseArgs } from 'node:util'
import { parseNodeAddress } from '../base/address.ts'
import { keyProblem, parseRouter, type RouterAddress } from '../config/announce-line.ts'
import type { Check } from '../subscription/client/probe.ts'
import { plainTarget, type Target } from '../subscription/client/target.ts'
import type { Place } from '../subscription/connect.ts'
import type { AnnouncedProto } from '../subscription/packet/announcement.ts'
import { parseSignWith, type SignWith } from '../subscription/signature/digests.ts'
import { makeSigner } from '../subscription/signature/make.ts'

/** What a user got wrong, in words, with what to do instead. */
export class SubscribeProblem extends Error {}

export interface Wanted {
  readonly targets: readonly Target[]
  /** "shop.example at http://127.0.0.1:3000 to 10.0.0.1:4040". */
  readonly text: string
  /** Where it is looked at. */
  readonly place: Place
  readonly check: Check
  readonly everyMs: number
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Failed checks in a row after which it leaves. */
  readonly fall: number
  /** Longest wait for what is in hand. */
  readonly drainMs: number
  /** From TERM to KILL. */
  readonly mercyMs: number
  readonly ttl: number
  /** Command and its arguments; [] for none. */
  readonly command: readonly string[]
  readonly warnings: readonly string[]
}

const OPTIONS = {
  to: { type: 'string', multiple: true },
  key: { type: 'string', multiple: true },
  address: { type: 'string' },
  weight: { type: 'string' },
  backup: { type: 'string' },
  modifier1: { type: 'string' },
  sign: { type: 'string' },
  check: { type: 'string' },
  freq: { type: 'string' },
  interval: { type: 'string' },
  timeout: { type: 'string' },
  fall: { type: 'string' },
  drain: { type: 'string' },
  mercy: { type: 'string' },
  ttl: { type: 'string' },
  help: { type: 'boolean' },
} as const
const PROTOS: readonly AnnouncedProto[] = ['uwsgi', 'http', 'https', 'h2', 'fastcgi', 'scgi']
const DAY = 86_400

type Given = ReturnType<typeof given>

/** @returns null when help is asked for. @throws SubscribeProblem */
export function readWanted(argv: readonly string[]): Wanted | null {
  const end = argv.indexOf('--')
  const command = end < 0 ? [] : argv.slice(end + 1)
  const values = given(end < 0 ? argv : argv.slice(0, end))
  if (values.help === true) return null
  if (end >= 0 && (command[0] ?? '') === '') wrong('no command follows "--"', 'Write it, or take "--" out')
  const { announced, proto, place, written } = addressOf(values.address)
  const signWith = signOf(values.sign)
  const routers = (values.to ?? []).map(to => orWrong(parseRouter(to), '--to'))
  if (routers.length === 0) wrong('--to is missing', 'Name the router: --to 10.0.0.1:4040')
  const keys = values.key ?? []
  if (keys.length === 0) wrong('--key is missing', 'Name what is served: --key shop.example')
  for (const key of keys) {
    const problem = key.startsWith('@')
      ? { problem: `"${key}" is no key`, remedy: 'Repeat --key' }
      : keyProblem(key)
    if (problem !== null) wrong(problem.problem, problem.remedy)
  }
  const weight = numberOf(values, 'weight', 1, 65_535, 1)
  const backup = numberOf(values, 'backup', 0, 255, 0)
  const modifier1 = numberOf(values, 'modifier1', 0, 255, 0)
  const targets = routers.flatMap(to =>
    keys.map(key => ({ ...plainTarget(to, key, announced), weight, backup, modifier1, proto, signWith })),
  )
  return {
    targets,
    text: `${keys.join(', ')} at ${written} to ${(values.to ?? []).join(', ')}`,
    place,
    check: checkOf(values.check ?? 'tcp', proto ?? 'uwsgi', keys[0]!),
    everyMs: 1000 * numberOf(values, 'freq', 1, DAY, 10),
    intervalMs: secondsOf(values, 'interval', 1),
    timeoutMs: secondsOf(values, 'timeout', 2),
    fall: numberOf(values, 'fall', 1, 1000, 3),
    drainMs: secondsOf(values, 'drain', command.length > 0 ? 20 : 0),
    mercyMs: secondsOf(values, 'mercy', 10),
    ttl: numberOf(values, 'ttl', 1, 255, 1),
    command,
    warnings: [
      signWith?.warning ?? '',
      proto === null ? '' : untakenWarning(proto),
      announced.startsWith(':') ? '' : unreachableWarning(place, routers),
    ].filter(text => text !== ''),
  }
}

function given(argv: readonly string[]) {
  try {
    const { values, tokens } = parseArgs({ args: [...argv], options: OPTIONS, tokens: true })
    refuseRepeated(tokens.flatMap(token => (token.kind === 'option' ? [token.name] : [])))
    return values
  } catch (error) {
    if (error instanceof SubscribeProblem) throw error
    const text = (error as Error).message.split('. ')[0]!.replace(/\.$/, '')
    return wrong(text, 'See "sluice subscribe --help"; a command goes behind "--"')
  }
}

// The last one would count, and an address that nobody announces is not seen.
function refuseRepeated(names: readonly string[]): void {
  const name = names.find((each, i) => each !== 'to' && each !== 'key' && names.indexOf(each) < i)
  if (name === undefined) return
  const remedy =
    name === 'address' ? 'Run a "sluice subscribe" for each address' : 'Take all but one of them out'
  wrong(`--${name} is given twice`, remedy)
}

interface Announced {
  /** As it goes into the packet. */
  readonly announced: string
  readonly proto: AnnouncedProto | null
  readonly place: Place
  /** With its protocol, for people. */
  readonly written: string
}

function addressOf(text: string | undefined): Announced {
  if (text === undefined)
    wrong('--address is missing', 'Name where it listens: --address http://10.0.0.7:3000')
  const [, scheme, rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text.trim())!
  const proto = PROTOS.find(each => each === scheme?.toLowerCase()) ?? null
  if (scheme !== undefined && proto === null)
    wrong(`--address: "${scheme}" is not a protocol of nodes`, `Write one of ${PROTOS.join(', ')}`)
  const [, wildcard, port = ''] = /^(\*|0\.0\.0\.0|\[::\]):(\d+)$/.exec(rest) ?? []
  if (wildcard !== undefined) {
    const remedy = `Write :${port}, and Sluice takes the address that the announcement comes from; for a router of uWSGI, which does not, write the address itself`
    wrong(`--address: ${rest} is every address of this machine, and none to connect to`, remedy)
  }
  const node = orWrong(parseNodeAddress(`uwsgi://${rest}`), '--address')
  const bare = node.name.slice('uwsgi://'.length)
  const announced = rest.startsWith(':') ? rest : bare
  return {
    announced,
    proto,
    place: node.kind === 'tcp' ? { host: node.host, port: node.port } : { path: node.path },
    written: `${proto ?? 'uwsgi'}://${announced}`,
  }
}

function checkOf(text: string, proto: AnnouncedProto, key: string): Check {
  if (text === 'tcp' || text === 'none') return { kind: text }
  const [, scheme, path] = /^(https?):(\/[!-~]*)$/.exec(text) ?? []
  if (path === undefined || path.startsWith('//'))
    wrong(
      `--check: "${text}" is no check`,
      'Write tcp, http:/path or none; the path is asked for at --address',
    )
  if ((proto !== 'http' && proto !== 'https') || (scheme === 'https' && proto === 'http')) {
    const remedy = `Write --address ${scheme}://…, or --check tcp`
    wrong(`--check: ${text} asks by ${scheme}, but the address speaks ${proto}`, remedy)
  }
  return { kind: 'http', path, host: key.replace(/\/.*$/, ''), isTls: proto === 'https' }
}

// Found by the silence of routers, else.
function untakenWarning(proto: AnnouncedProto): string {
  if (proto === 'uwsgi' || proto === 'http') return ''
  const taken = proto.startsWith('h') ? 'http' : 'uwsgi'
  return `Sluice does not take ${proto} nodes yet and refuses them; a router of uWSGI speaks ${taken} to them`
}

// Sluice refuses such announcements from elsewhere, and a router of uWSGI would connect to itself.
function unreachableWarning(place: Place, routers: readonly RouterAddress[]): string {
  const isHere = 'path' in place || isLoopback(place.host)
  const own = Object.values(networkInterfaces()).flatMap(each => each?.map(({ address }) => address) ?? [])
  const away = routers.find(({ host }) => isIP(host) !== 0 && !isLoopback(host) && !own.includes(host))
  if (!isHere || away === undefined) return ''
  const remedy = 'port' in place ? ` Write --address :${place.port}, or the address of this machine` : ''
  return `a router at ${away.host} cannot connect to an address that only this machine knows.${remedy}`
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost'
}

// Tried now: a wrong file would else be found by the silence of routers.
function signOf(text: string | undefined): SignWith | null {
  if (text === undefined) return null
  const signWith = orWrong(parseSignWith(text), '--sign')
  let pem: string
  try {
    pem = readFileSync(signWith.file, 'latin1')
  } catch (error) {
    return wrong(
      `--sign: ${signWith.file} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      'Check the path and your rights',
    )
  }
  const signer = makeSigner(signWith.digest, pem)
  if (typeof signer !== 'function') wrong(`--sign: ${signWith.file}: ${signer.problem}`, signer.remedy)
  return signWith
}

function numberOf(values: Given, name: keyof Given, least: number, most: number, otherwise: number): number {
  const text = values[name]
  if (typeof text !== 'string') return otherwise
  const number = /^\d{1,9}$/.test(text) ? Number(text) : -1
  if (number >= least && number <= most) return number
  return wrong(
    `--${name}: "${text}" is not a whole number from ${least} to ${most}`,
    `Write such as --${name} ${least + 1}`,
  )
}

/** @returns milliseconds */
function secondsOf(values: Given, name: keyof Given, otherwise: number): number {
  const text = values[name]
  if (typeof text !== 'string') return otherwise * 1000
  const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : -1
  if (seconds >= 0 && seconds <= DAY && (seconds > 0 || name === 'drain' || name === 'mercy'))
    return seconds * 1000
  return wrong(`--${name}: "${text}" is not a number of seconds`, `Write such as --${name} 5`)
}

function orWrong<T extends object>(
  read: T | { readonly problem: string; readonly remedy: string },
  option: string,
): T {
  return 'problem' in read ? wrong(`${option}: ${read.problem}`, read.remedy as string) : (read as T)
}

function wrong(problem: string, remedy: string): never {
  throw new SubscribeProblem(`${problem}. ${remedy}.`)
}
