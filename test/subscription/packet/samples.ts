// test/subscription/packet/samples.ts: announcements and packets made by hand, with what each test does not care for.
import { type Announcement, SILENT } from '../../../subscription/packet/announcement.ts'

export function announcement(changes: Partial<Announcement> = {}): Announcement {
  return { ...SILENT, key: 'a.example', address: '10.0.0.7:3031', ...changes }
}

export type Variables = readonly (readonly [name: string, value: string])[]

/** A packet with just these variables, one character a byte; not by the code under test. */
export function packetWith(variables: Variables, modifier2 = 0): Buffer {
  const block = Buffer.concat(variables.flatMap(([name, value]) => [sized(name), sized(value)]))
  const header = Buffer.from([224, 0, 0, modifier2])
  header.writeUInt16LE(block.length, 1)
  return Buffer.concat([header, block])
}

function sized(text: string): Buffer {
  const size = Buffer.alloc(2)
  size.writeUInt16LE(text.length)
  return Buffer.concat([size, Buffer.from(text, 'latin1')])
}
