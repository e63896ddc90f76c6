// config/announce-line.ts: `subscribe-to` and `subscribe2`: which keys of this instance are announced, where, and as what.
import { isIPv4, isIPv6 } from 'node:net'
import type { AddressProblem } from '../base/address.ts'

/** A router that takes announcements by UDP. `host` is numeric, or a name to resolve. */
export interface RouterAddress {
  readonly host: string
  readonly port: number
}

/** One line. Texts that were not written are ''. */
export interface AnnounceLine {
  readonly to: RouterAddress
  /** A key; with a '@' in front, a file of keys (subscription/client/key-list.ts). */
  readonly key: string
  /** As written; '': that of the instance's socket. */
  readonly address: string
  /** Number of the shared socket whose address is announced; null: the first socket. Beats `address`. */
  readonly socket: number | null
  readonly modifier1: number
  readonly modifier2: number
  /** null: that of the instance. */
  readonly weight: number | null
  readonly backup: number
  /** DIGEST:FILE. */
  readonly sign: string
  /** Nothing is announced while this file exists. */
  readonly check: string
  readonly proto: string
  readonly algo: string
  readonly sniKey: string
  readonly sniCrt: string
  readonly sniCa: string
}

const MOST_WEIGHT = 65_535
const LONGEST_TEXT = 255
const NOTHING = {
  address: '',
  socket: null,
  modifier1: 0,
  modifier2: 0,
  weight: null,
  backup: 0,
  sign: '',
  check: '',
  proto: '',
  algo: '',
  sniKey: '',
  sniCrt: '',
  sniCa: '',
} as const
const TEXTS = {
  addr: 'address',
  address: 'address',
  sign: 'sign',
  check: 'check',
  proto: 'proto',
  algo: 'algo',
  sni_key: 'sniKey',
  sni_crt: 'sniCrt',
  sni_ca: 'sniCa',
} as const
const NUMBERS = {
  socket: ['socket', 255],
  weight: ['weight', MOST_WEIGHT],
  backup: ['backup', 255],
  modifier1: ['modifier1', 255],
  modifier2: ['modifier2', 255],
} as const

/** Reads `[ADDRESS=]SERVER:KEY[,MODIFIER1[,DIGEST:FILE]]`; `=N=` in front takes the address of shared socket N. */
export function parseSubscribeTo(text: string): AnnounceLine | AddressProblem {
  const shared = /^=(\d{1,3})=/.exec(text)
  const equals = shared === null ? text.split(',', 1)[0]!.indexOf('=') : shared[0].length - 1
  const address = shared === null && equals > 0 ? text.slice(0, equals).trim() : ''
  const [place = '', modifier1 = '', ...signs] = text.slice(equals + 1).split(',')
  const split = /^\s*(\/[^:]*|\[[^\]]*\]:\d*|[^:]*:\d*):(.*)$/s.exec(place)
  if (split === null) {
    const problem = `"${place.trim()}" is not SERVER:KEY`
    return wrong(problem, 'Write the address of the router and the key: 10.0.0.1:4040:shop.example')
  }
  const to = parseRouter(split[1]!)
  if ('problem' in to) return to
  const key = split[2]!.trim()
  const sign = signs.join(',').trim()
  const badKey = keyProblem(key)
  if (badKey !== null) return badKey
  if (key.startsWith('@') && sign !== '')
    return wrong('keys of a file are never signed', 'Write a line for each key')
  const modifier = modifier1.trim() === '' ? 0 : numberIn(modifier1, 255)
  if (modifier === null) {
    const remedy = 'Write a number from 0 to 255; where only a signature follows, 0'
    return wrong(`modifier1 "${modifier1.trim()}" is not a number from 0 to 255`, remedy)
  }
  const socket = shared === null ? null : Number(shared[1])
  const badSign = sign === '' ? null : signProblem(sign)
  if (badSign !== null) return badSign
  return { ...NOTHING, to, key, address, socket, modifier1: modifier, sign }
}

/** Reads `server=HOST:PORT,key=KEY[,NAME=VALUE…]`; a backslash takes the next character as it is. */
export function parseSubscribe2(text: string): AnnounceLine | AddressProblem {
  const said: Said = {}
  const seen = new Set<string>()
  for (const part of splitEscaped(text)) {
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(0, equals)).trim()
    const value = part.slice(equals + 1).trim()
    if (seen.has(name)) return wrong(`${name} is given twice`, 'Give each name once')
    seen.add(name)
    const problem = takePair(said, name, value, part)
    if (problem !== null) return problem
  }
  if (said.to === undefined) return wrong('the server is missing', 'Add server=HOST:PORT')
  if (said.key === undefined) return wrong('the key is missing', 'Add key=shop.example')
  return { ...NOTHING, ...said, to: said.to, key: said.key }
}

/** Reads `host:port`, `[v6]:port`. */
export function parseRouter(text: string): RouterAddress | AddressProblem {
  const address = text.trim()
  if (address.startsWith('/') || address.startsWith('@') || !address.includes(':')) {
    return wrong(
      address === '' ? 'the router has no address' : `the router "${address}" has no port`,
      address.startsWith('/') || address.startsWith('@')
        ? 'Node has no UNIX datagram sockets: let the router listen on UDP, and write 127.0.0.1:4040'
        : 'Write HOST:PORT, such as 10.0.0.1:4040',
    )
  }
  const [, v6, name, digits = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(address) ?? []
  const port = Number(digits)
  if (digits === '' || port < 1 || port > 65_535)
    return wrong(`"${address}" is not HOST:PORT`, 'Write such as 10.0.0.1:4040 or [2001:db8::1]:4040')
  if (v6 !== undefined)
    return isIPv6(v6)
      ? { host: v6, port }
      : wrong(`"${v6}" is not an IPv6 address`, 'Write such as [2001:db8::1]:4040')
  if (name === '') return { host: '127.0.0.1', port }
  if (/^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\.?$/i.test(name!) && !isHalfAnAddress(name!))
    return { host: name!, port }
  return wrong(`"${name}" is neither an address nor a host name`, 'Write such as 10.0.0.1:4040')
}

/** @returns null when a packet may hold this key */
export function keyProblem(key: string): AddressProblem | null {
  if (key === '' || key === '@')
    return wrong('the key is missing', 'Write the host that is served: shop.example')
  if (/^[a-z]+:\/\//i.test(key)) {
    const [, rest = ''] = /^[a-z]+:\/\/(.*?)\/?$/i.exec(key) ?? []
    return wrong(`the key "${key}" is a URL`, `Write only the host, and a path if need be: ${rest}`)
  }
  if (key.startsWith('*.'))
    return wrong(`the key "${key}" is no host`, `Write ${key.slice(1)} for every name below it`)
  if (key.startsWith('@')) return null // a file's name
  if (key.length > LONGEST_TEXT)
    return wrong(`the key has ${key.length} characters`, `Use at most ${LONGEST_TEXT}`)
  return /^[!-~]+$/.test(key)
    ? null
    : wrong(`the key "${key}" has blanks or other characters`, 'Write printable ASCII')
}

type Said = { -readonly [K in keyof AnnounceLine]?: AnnounceLine[K] }

function takePair(said: Said, name: string, value: string, part: string): AddressProblem | null {
  if (name === 'server') {
    const to = parseRouter(value)
    if ('problem' in to) return to
    said.to = to
    return null
  }
  if (name === 'key') {
    said.key = value
    return keyProblem(value)
  }
  if (Object.hasOwn(NUMBERS, name)) {
    const [field, most] = NUMBERS[name as keyof typeof NUMBERS]
    const number = numberIn(value, most)
    if (number === null)
      return wrong(`${name} "${value}" is not a number from 0 to ${most}`, `Write such as ${name}=1`)
    said[field] = number
    return null
  }
  if (!Object.hasOwn(TEXTS, name)) {
    const names = ['server', 'key', ...Object.keys(NUMBERS), ...Object.keys(TEXTS)]
    const remedy = `Write some of ${names.map(each => `${each}=`).join(', ')}`
    return wrong(`"${part.trim()}" is no NAME=VALUE that is known here`, remedy)
  }
  if (value.length > LONGEST_TEXT || !/^[ -~]+$/.test(value)) {
    const problem = value === '' ? `${name} has no value` : `the value of ${name} cannot be sent`
    return wrong(problem, `Write up to ${LONGEST_TEXT} printable ASCII characters`)
  }
  said[TEXTS[name as keyof typeof TEXTS]] = value
  return name === 'sign' ? signProblem(value) : null
}

// What signs knows more (subscription/signature/digests.ts); this much is wrong at its line already.
function signProblem(sign: string): AddressProblem | null {
  if (/^(?:rsa-)?sha-?(?:1|224|256|384|512):./i.test(sign)) return null
  return wrong(
    `"${sign}" does not say how to sign`,
    'Write a digest and a private key: SHA256:/etc/sluice/private.pem',
  )
}

function numberIn(text: string, most: number): number | null {
  const digits = text.trim()
  return /^\d{1,9}$/.test(digits) && Number(digits) <= most ? Number(digits) : null
}

// By comma; "\," is a comma in a value, "\\" a backslash.
function splitEscaped(text: string): string[] {
  const parts: string[] = []
  let part = ''
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (character === ',') {
      parts.push(part)
      part = ''
    } else {
      const isEscape = character === '\\' && i + 1 < text.length
      part += isEscape ? text[++i]! : character
    }
  }
  return [...parts, part]
}

// "10.0.1" would be read as 10.0.0.1 by some, as a name by others.
function isHalfAnAddress(name: string): boolean {
  return /(^|\.)\d+\.?$/.test(name) && !isIPv4(name)
}

function wrong(problem: string, remedy: string): AddressProblem {
  return { problem, remedy }
}
