// subscription/packet/write.ts: an announcement as the datagram that uWSGI itself would send (docs/wire/subscription.md).
import type { Announcement, Command } from './announcement.ts'
import { HEADER_BYTES, MOST_PACKET_BYTES, SUBSCRIPTION } from './variables.ts'

/** How a packet is signed: by whom, and which second it says. */
export interface Signing {
  /** Unix seconds now, in the clock of the sender; an unsubscribe says one more, as uWSGI has it. */
  readonly nowS: number
  /** @returns the signature of these bytes, see signature/make.ts */
  sign(covered: Buffer): Buffer
}

/**
 * Variables in uWSGI's order. Those that only 2.1 knows are written only when they say something, so that what a 2.0
 * could say is byte for byte what a 2.0 sends.
 *
 * @param signing null: unsigned
 * @throws Error when it does not fit a datagram of 4096 bytes: what was read from one, or checked by the config, does
 */
export function writePacket(announcement: Announcement, signing: Signing | null): Buffer {
  const variables = variablesOf(announcement)
  if (signing !== null) variables.push(['unix', String(signing.nowS + modifier2Of(announcement.command))])
  let block = Buffer.concat(variables.map(([name, value]) => variable(name, Buffer.from(value, 'latin1'))))
  if (signing !== null) block = Buffer.concat([block, variable('sign', signing.sign(block))])
  if (HEADER_BYTES + block.length > MOST_PACKET_BYTES) throw new Error(`packet of ${block.length} bytes`)
  const header = Buffer.from([SUBSCRIPTION, 0, 0, modifier2Of(announcement.command)])
  header.writeUInt16LE(block.length, 1)
  return Buffer.concat([header, block])
}

function variablesOf(announcement: Announcement): [name: string, value: string][] {
  const { command, key, address, modifier1, modifier2, cores, load, weight, backup } = announcement
  const optional: [string, string][] = [
    ['backup', backup === 0 ? '' : String(backup)],
    ['vassal', announcement.vassal],
    ['sni_key', announcement.sniKey],
    ['sni_crt', announcement.sniCrt],
    ['sni_ca', announcement.sniCa],
    ['proto', announcement.proto ?? ''],
    ['algo', announcement.algo],
    ['notify', announcement.notify],
    ['clear', command === 'clear' ? '1' : ''],
  ]
  return [
    ['key', key],
    ['address', address],
    ['modifier1', String(modifier1)],
    ['modifier2', String(modifier2)],
    ['cores', String(cores)],
    ['load', String(load)],
    ['weight', String(weight)],
    ...optional.filter(([, value]) => value !== ''),
  ]
}

/** The header's modifier2, which is the command. */
function modifier2Of(command: Command): number {
  return command === 'unsubscribe' ? 1 : 0
}

function variable(name: string, value: Buffer): Buffer {
  const head = Buffer.alloc(2 + name.length + 2)
  head.writeUInt16LE(name.length, 0)
  head.write(name, 2, 'latin1')
  head.writeUInt16LE(value.length, 2 + name.length)
  return Buffer.concat([head, value])
}
