// test/fuzz/targets/subscription-packet.ts: datagrams that nodes announce themselves by, and who is believed.
import { admit } from '../../../subscription/admission.ts'
import type { Announcement, Packet } from '../../../subscription/packet/announcement.ts'
import { readPacket } from '../../../subscription/packet/read.ts'
import { writePacket } from '../../../subscription/packet/write.ts'
import { REFUSALS, type Refusal } from '../../../subscription/refusals.ts'
import { keyFileNames } from '../../../subscription/signature/key-file.ts'
import { packetWith } from '../../subscription/packet/samples.ts'
import { bytesOf, CAPTURED, MADE } from '../../subscription/packet/vectors.ts'
import { SECOND_READER_EVERY, type Target, wrong } from '../target.ts'

/** Begins an input that is lines of NAME=VALUE: changes of a packet's bytes hardly ever leave its sizes right. */
const LINES = '='.charCodeAt(0)
const POLICY = { lines: [], machine: new Set<string>() }
const AWAY = ['10.0.0.7', '127.0.0.1.', '2001:db8::7', '::ffff:10.0.0.7', 'fe80::1%eth0']
const REASONS = Object.keys(REFUSALS)

export const subscriptionPacket: Target = {
  name: 'subscription-packet',
  asserts:
    'accepted exactly when a second reader accepts it, with the same announcement and the same bytes under the signature; written and read again it is the same; a sender elsewhere gets its own address in, and nothing else',
  seeds: () => [
    ...[...CAPTURED, ...MADE].map(bytesOf),
    ...CAPTURED.map(({ vars, sign_hex }) =>
      linesOf([...vars, ...(sign_hex ? [['sign', 'x'] as const] : [])]),
    ),
  ],
  hostile: () => [
    packetWith(new Array(818).fill(['x', ''])),
    packetWith(new Array(450).fill(['load', '1'])),
    packetWith([['key', 'a'.repeat(4_083)]]),
    packetWith([['load', '9'.repeat(4_082)]]),
    packetWith(new Array(14).fill(['sni_key', `/${'\\'.repeat(254)}`])),
  ],
  dictionary: [
    ...'key address modifier1 modifier2 cores load weight backup vassal sni_key sni_crt sni_ca proto algo notify inactive clear unix sign auth __proto__'.split(' ').flatMap(name => [`\n${name}=`, `${String.fromCharCode(name.length)}\0${name}`]), // biome-ignore format: one list
    '=',
    '\n',
    '\xe0',
    '\0\0',
    '\x01\0' + '0',
    '\xff\0',
    '\0\x01',
    '65535',
    '65536',
    '255',
    '256',
    '-1',
    '00',
    '127.0.0.1:80',
    '[::1]:80',
    ':80',
    '0.0.0.0:80',
    '/run/x',
    '@x',
    '10.0.0.7:80',
    '[::ffff:10.0.0.7]:80',
    'localhost:80',
    'http',
    'h',
    'fastcgi',
    'a'.repeat(255), // biome-ignore format: one list
  ],
  mostBytes: 4_200,
  check(input, random) {
    const bytes = datagramOf(input, random.below(8) > 0)
    const before = Buffer.from(bytes)
    const packet = readPacket(bytes)
    if (!bytes.equals(before)) wrong('it writes what it reads')
    if (random.below(SECOND_READER_EVERY) === 0) compare(bytes, packet)
    if (packet.kind === 'refused') return refusal(packet)
    if (random.below(SECOND_READER_EVERY) === 0) sameAgain(packet)
    believed(packet.announcement, random.pick(AWAY))
    return kindOf(packet)
  },
  parse(input) {
    if (input[0] !== LINES) readPacket(datagramOf(input, true))
  },
}

/** @param mended with a header that is right: else nothing but the header would be tried */
function datagramOf(input: Buffer, mended: boolean): Buffer {
  if (input[0] === LINES) {
    const lines = input.toString('latin1', 1).split('\n').slice(0, 400)
    const sized = lines.map(line => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)] as const)
    return packetWith(sized, input.length & 1)
  }
  if (!mended || input.length < 4) return input
  const copy = Buffer.from(input)
  copy[0] = 224
  copy.writeUInt16LE(copy.length - 4, 1)
  copy[3]! &= 1
  return copy
}

function linesOf(vars: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.from(`=${vars.map(([name, value]) => `${name}=${value}`).join('\n')}`, 'latin1')
}

function refusal({ reason, detail, remedy }: Refusal): number {
  if (!REASONS.includes(reason) || !/^[ -~]{0,400}$/.test(detail) || remedy !== '')
    wrong('a refusal that cannot be counted or logged', { reason, detail })
  return REASONS.indexOf(reason)
}

function sameAgain({ announcement, signature }: Packet): void {
  const unix = signature === null ? 0 : signature.unix - (announcement.command === 'unsubscribe' ? 1 : 0)
  // An unsubscribe of second 0 would have been signed before that.
  if (unix < 0) return
  const signing = signature && { nowS: unix, sign: () => signature.sign }
  const again = readPacket(writePacket(announcement, signing))
  if (again.kind === 'refused') return wrong('refused when it was written again', again)
  if (JSON.stringify(again.announcement) !== JSON.stringify(announcement))
    wrong('another when it was written again', again.announcement)
  if (again.signature?.unix !== signature?.unix) wrong('signed at another time', again.signature?.unix)
}

function believed(announcement: Announcement, source: string): void {
  if (keyFileNames(announcement.key).some(name => !/^[\w.-]+\.pem$/.test(name)))
    wrong('a file elsewhere', keyFileNames(announcement.key))
  const verdict = admit(announcement, source, false, POLICY)
  if (verdict.kind === 'refused') return
  if (verdict.node.ip !== verdict.from || /^127\.|^fe80|^::1$|\//.test(verdict.from))
    wrong('a stranger got another address in', { source, node: verdict.node })
}

// Which of the variables said something, and the command.
function kindOf({ announcement, signature }: Packet): number {
  let kind = signature === null ? 1_024 : 2_048
  for (const [i, value] of Object.values(announcement).entries())
    if (value !== '' && value !== 0 && value !== null && i > 2) kind += 4_096 << (i % 16)
  return kind + announcement.command.length
}

const RULES: Readonly<Record<string, RegExp>> = {
  key: /^[!-~]{0,255}$/,
  address: /^[!-~]{0,255}$/,
  modifier1: /^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/,
  modifier2: /^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/,
  backup: /^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/,
  cores: /^(0|[1-9]\d{0,9})$/,
  load: /^(0|[1-9]\d{0,9})$/,
  weight: /^(0|[1-9]\d{0,4})$/,
  clear: /^[01]$/,
  unix: /^(0|[1-9]\d{0,11})$/,
  vassal: /^[ -~]{0,255}$/,
  sni_key: /^[ -~]{0,255}$/,
  sni_crt: /^[ -~]{0,255}$/,
  sni_ca: /^[ -~]{0,255}$/,
  proto: /^[!-~]{0,32}$/,
  algo: /^[!-~]{0,64}$/,
  notify: /^[ -~]{0,101}$/,
}
const LARGEST: Readonly<Record<string, number>> = { cores: 2 ** 31 - 1, load: 2 ** 31 - 1, weight: 65_535 }

// Reads the same by splitting first and looking at what was split then.
function compare(bytes: Buffer, ours: Packet | Refusal): void {
  const theirs = secondReader(bytes)
  if ((theirs === null) !== (ours.kind === 'refused')) wrong('one takes it, one does not', { ours, theirs })
  if (theirs === null || ours.kind === 'refused') return
  const { announcement, signature } = ours
  const said = (name: string) => theirs.values.get(name) ?? ''
  const isSame =
    announcement.key === said('key') &&
    announcement.address === said('address') &&
    announcement.modifier1 === Number(said('modifier1')) &&
    announcement.weight === (Number(said('weight')) || 1) &&
    announcement.load === Number(said('load')) &&
    announcement.notify === said('notify') &&
    announcement.sniCa === said('sni_ca') &&
    (announcement.command === 'unsubscribe') === (bytes[3] === 1)
  if (!isSame) wrong('read otherwise', { ours, theirs: [...theirs.values] })
  const covered = signature === null ? -1 : signature.covered.length
  if (covered !== theirs.covered) wrong('another part is signed', { covered, theirs: theirs.covered })
}

interface Read {
  readonly values: ReadonlyMap<string, string>
  /** Bytes under the signature; -1: unsigned. */
  readonly covered: number
}

function secondReader(bytes: Buffer): Read | null {
  if (bytes.length < 4 || bytes.length > 4_096 || bytes[0] !== 224 || bytes[3]! > 1) return null
  if (bytes.readUInt16LE(1) !== bytes.length - 4) return null
  const pairs: [name: string, value: string, at: number][] = []
  for (let rest = bytes.subarray(4); rest.length > 0; ) {
    const at = bytes.length - 4 - rest.length
    const texts: string[] = []
    for (let n = 0; n < 2; n++) {
      if (rest.length < 2 || rest.length < 2 + rest.readUInt16LE(0)) return null
      texts.push(rest.toString('latin1', 2, 2 + rest.readUInt16LE(0)))
      rest = rest.subarray(2 + rest.readUInt16LE(0))
    }
    pairs.push([texts[0]!, texts[1]!, at])
  }
  const signs = pairs.filter(([name]) => name === 'sign')
  if (signs.length > 1 || (signs.length === 1 && pairs.at(-1) !== signs[0])) return null
  if ((signs[0]?.[1].length ?? 0) > 2_048) return null
  for (const [name, value] of pairs) {
    if (name === '') return null
    if (Object.hasOwn(RULES, name) && !RULES[name]!.test(value)) return null
    if (Number(value) > (LARGEST[name] ?? Number.POSITIVE_INFINITY)) return null
  }
  const values = new Map(pairs.map(([name, value]) => [name, value]))
  if (!values.get('key') || !values.get('address')) return null
  if (signs.length === 1 && !values.has('unix')) return null
  return { values, covered: signs[0]?.[2] ?? -1 }
}
