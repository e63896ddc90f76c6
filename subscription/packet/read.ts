// subscription/packet/read.ts: a datagram as the announcement it holds, or why it is none (docs/wire/subscription.md).
import { latin1 } from '../../base/latin1.ts'
import { ofKey, type Refusal, refuse, shown } from '../refusals.ts'
import type { AnnouncedProto, Announcement, Command, Packet, Signature } from './announcement.ts'
import {
  HEADER_BYTES,
  LONGEST_NAME,
  MOST_PACKET_BYTES,
  MOST_SIGN_BYTES,
  SUBSCRIPTION,
  VARIABLES,
} from './variables.ts'

/**
 * Reads one datagram. Work and memory are bounded by its 4096 bytes, whatever they hold. Where uWSGI acts on what it
 * had understood so far, this refuses the whole: a node that half the routers understand is worse than none.
 *
 * @returns strings are copies; the signature's bytes are views of `bytes`
 */
export function readPacket(bytes: Buffer): Packet | Refusal {
  const problem = headerProblem(bytes)
  if (problem !== null) return problem
  const values = new Map<string, string>() // of known variables; of a name that comes again the last counts
  let signAt = -1
  let sign = bytes.subarray(0, 0)
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    if (signAt >= 0) return refuse('sign-not-last')
    const nameEnd = endOfSized(bytes, at)
    const valueEnd = nameEnd < 0 ? -1 : endOfSized(bytes, nameEnd)
    if (valueEnd < 0) return refuse('truncated')
    if (nameEnd === at + 2) return refuse('empty-name')
    const name = nameEnd - at - 2 > LONGEST_NAME ? '' : latin1(bytes, at + 2, nameEnd)
    if (name === 'sign') {
      signAt = at
      sign = bytes.subarray(nameEnd + 2, valueEnd)
      if (sign.length > MOST_SIGN_BYTES) return refuse('value-too-long', 'sign')
    } else if (VARIABLES.has(name)) {
      const value = latin1(bytes, nameEnd + 2, valueEnd)
      const wrong = valueProblem(name, value)
      if (wrong !== null) return withKey(values.get('key'), wrong)
      values.set(name, value)
    }
    at = valueEnd
  }
  return packetOf(bytes, values, signAt, sign)
}

function headerProblem(bytes: Buffer): Refusal | null {
  if (bytes.length < HEADER_BYTES) return refuse('too-short', `${bytes.length} bytes`)
  if (bytes.length > MOST_PACKET_BYTES) return refuse('too-long', `${bytes.length} bytes`)
  if (bytes[0] !== SUBSCRIPTION) return refuse('not-subscription', `modifier1 ${bytes[0]}`)
  const size = bytes.readUInt16LE(1)
  const block = bytes.length - HEADER_BYTES
  if (size !== block) return refuse('wrong-size', `${size} in the header, ${block} in the datagram`)
  if (bytes[3]! > 1) return refuse('unknown-command', `modifier2 ${bytes[3]}`)
  return null
}

/** @returns end of what begins at `at` with its size in two bytes; -1: it would run past the end */
function endOfSized(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) return -1
  const end = at + 2 + bytes[at]! + bytes[at + 1]! * 256
  return end > bytes.length ? -1 : end
}

function valueProblem(name: string, value: string): Refusal | null {
  const rule = VARIABLES.get(name)!
  if (rule.kind === 'number') {
    if (!/^(?:0|[1-9]\d{0,19})$/.test(value)) return refuse('not-a-number', `${name} ${shown(value)}`)
    return Number(value) > rule.most ? refuse('number-too-large', `${name} ${value}`) : null
  }
  if (value.length > rule.most)
    return refuse('value-too-long', `${name} has ${value.length} bytes, at most ${rule.most} are taken`)
  const fits = rule.blanks ? /^[ -~]*$/ : /^[!-~]*$/
  return fits.test(value) ? null : refuse('value-characters', `${name} ${shown(value)}`)
}

// Whose packet it is: the key comes first in those of uWSGI.
function withKey(key: string | undefined, refusal: Refusal): Refusal {
  const { reason, detail } = refusal
  return key === undefined ? refusal : ofKey(key, refuse(reason, `key ${shown(key)}, ${detail}`))
}

function packetOf(
  bytes: Buffer,
  values: ReadonlyMap<string, string>,
  signAt: number,
  sign: Buffer,
): Packet | Refusal {
  const key = values.get('key') ?? ''
  const address = values.get('address') ?? ''
  if (key === '') return refuse('key-missing')
  if (address === '') return ofKey(key, refuse('address-missing', `key ${shown(key)}`))
  const unix = values.get('unix')
  if (signAt >= 0 && unix === undefined) return ofKey(key, refuse('unix-missing', `key ${shown(key)}`))
  const signature: Signature | null =
    signAt < 0 ? null : { unix: Number(unix), covered: bytes.subarray(HEADER_BYTES, signAt), sign }
  return {
    kind: 'packet',
    announcement: announcementOf(commandOf(bytes, values), key, address, values),
    signature,
  }
}

function announcementOf(
  command: Command,
  key: string,
  address: string,
  values: ReadonlyMap<string, string>,
): Announcement {
  const number = (name: string) => Number(values.get(name) ?? 0)
  const text = (name: string) => values.get(name) ?? ''
  return {
    command,
    key,
    address,
    modifier1: number('modifier1'),
    modifier2: number('modifier2'),
    cores: number('cores'),
    load: number('load'),
    weight: Math.max(1, number('weight')),
    backup: number('backup'),
    proto: protoOf(text('proto').toLowerCase()),
    algo: text('algo'),
    vassal: text('vassal'),
    notify: text('notify'),
    sniKey: text('sni_key'),
    sniCrt: text('sni_crt'),
    sniCa: text('sni_ca'),
  }
}

function commandOf(bytes: Buffer, values: ReadonlyMap<string, string>): Command {
  if (bytes[3] === 1) return 'unsubscribe'
  return values.get('clear') === '1' ? 'clear' : 'subscribe'
}

const PROTOS: readonly AnnouncedProto[] = ['uwsgi', 'http', 'https', 'h2', 'fastcgi', 'scgi']

// uWSGI 2.1 looks at the first letter only; the names beyond its two are ours.
function protoOf(text: string): AnnouncedProto | null {
  if (text === '') return null
  return PROTOS.find(proto => proto === text) ?? (text.startsWith('h') ? 'http' : 'uwsgi')
}
