// test/long/subscriptions-crowd.ts: the process that announces thousands of nodes: in time, or with what a network does to
// datagrams; it lets half of them leave and as many others come, and shouts nonsense from another address.
import { randomBytes } from 'node:crypto'
import dgram from 'node:dgram'
import { once } from 'node:events'
import type { Announcement, Command } from '../../subscription/packet/announcement.ts'
import { writePacket } from '../../subscription/packet/write.ts'
import { bytesOf, CAPTURED, MADE } from '../subscription/packet/vectors.ts'

export const KEYS = 1_000
export const NODES_PER_KEY = 10
/** uWSGI's subscribe-freq. */
const EVERY_MS = 10_000
/** Of the nodes of a key, those that leave and come. */
const MOVING = 5
/** Who leaves says so more than once, as one datagram may be lost. */
const FAREWELLS = 3
const WAVE_PER_SECOND = 5_000
const TICK_MS = 20
/** Beyond the next announcement of the same node, so that they come in another order. */
const LATE_MS = 12_000
/** Who shouts; the config lets it announce nothing. */
export const STRANGER = '127.0.0.2'
const DEAD_PORT = 1

/** What happens to datagrams on their way: shares of all, 0 to 1. */
export interface Manners {
  readonly lost: number
  readonly doubled: number
  /** Come after the node's next one. */
  readonly late: number
}

export interface Named {
  readonly key: string
  /** Of 127.0.0.1. */
  readonly port: number
}

/** To this process. */
export type ToCrowd =
  | {
      readonly kind: 'start'
      readonly udpPort: number
      /** Shared by all keys. */
      readonly ports: readonly number[]
      readonly others: readonly Named[]
    }
  | { readonly kind: 'manners'; readonly manners: Manners }
  | { readonly kind: 'mute'; readonly isMute: boolean }
  /** Half of the nodes leave at once, as many others come. */
  | { readonly kind: 'wave' }
  | { readonly kind: 'shout'; readonly perSecond: number }
  | { readonly kind: 'stop' }

/** From this process, to each message. */
export interface FromCrowd {
  /** Datagrams so far: announcements, farewells, shouts. */
  readonly announced: number
  readonly left: number
  readonly shouted: number
}

/** The name of a key. @param index below {@link KEYS} */
export function keyName(index: number): string {
  return `shop${index}.example`
}

const PLAIN: Announcement = {
  command: 'subscribe',
  key: '',
  address: '',
  modifier1: 0,
  modifier2: 0,
  cores: 1,
  load: 0,
  weight: 1,
  backup: 0,
  proto: 'http',
  algo: '',
  vassal: '',
  notify: '',
  sniKey: '',
  sniCrt: '',
  sniCa: '',
}

class Crowd {
  manners: Manners = { lost: 0, doubled: 0, late: 0 }
  isMute = false
  shoutsPerSecond = 0
  readonly counts = { announced: 0, left: 0, shouted: 0 }
  readonly #own: dgram.Socket
  readonly #stranger: dgram.Socket
  readonly #udpPort: number
  readonly #ports: readonly number[]
  readonly #others: readonly Named[]
  readonly #wave: Buffer[] = []
  readonly #late: { at: number; bytes: Buffer }[] = []
  readonly #nonsense = [...CAPTURED, ...MADE].map(bytesOf)
  #turn = 0
  #at = 0
  #lastTick = performance.now()
  #owed = { announcements: 0, shouts: 0 }

  constructor(
    own: dgram.Socket,
    stranger: dgram.Socket,
    { udpPort, ports, others }: ToCrowd & { kind: 'start' },
  ) {
    this.#own = own
    this.#stranger = stranger
    this.#udpPort = udpPort
    this.#ports = ports
    this.#others = others
    setInterval(() => this.#tick(), TICK_MS)
  }

  wave(): void {
    const leaving = this.#moving()
    this.#turn++
    for (const { key, port } of leaving) this.#wave.push(packet('unsubscribe', key, port))
    for (const { key, port } of this.#moving()) this.#wave.push(packet('subscribe', key, port))
    for (let again = 1; again < FAREWELLS; again++)
      for (const { key, port } of leaving) this.#wave.push(packet('unsubscribe', key, port))
    this.counts.left += leaving.length
  }

  #tick(): void {
    const now = performance.now()
    const passed = now - this.#lastTick
    this.#lastTick = now
    const all = KEYS * NODES_PER_KEY + this.#others.length
    this.#owed.announcements += (all * passed) / EVERY_MS
    for (; this.#owed.announcements >= 1; this.#owed.announcements--) this.#announceNext(all, now)
    while (this.#late.length > 0 && this.#late[0]!.at <= now) this.#send(this.#late.shift()!.bytes)
    const most = (WAVE_PER_SECOND * TICK_MS) / 1_000
    for (const bytes of this.#wave.splice(0, most)) this.#pass(bytes, now)
    this.#owed.shouts += (this.shoutsPerSecond * passed) / 1_000
    for (; this.#owed.shouts >= 1; this.#owed.shouts--) this.#shout()
  }

  // All keys in turn, so that those of one key are spread over the interval.
  #announceNext(all: number, now: number): void {
    const at = this.#at
    this.#at = (at + 1) % all
    if (this.isMute) return
    const { key, port } =
      at < KEYS * NODES_PER_KEY
        ? this.#node(at % KEYS, Math.floor(at / KEYS))
        : this.#others[at - KEYS * NODES_PER_KEY]!
    this.counts.announced++
    this.#pass(packet('subscribe', key, port), now)
  }

  #pass(bytes: Buffer, now: number): void {
    const { lost, doubled, late } = this.manners
    if (Math.random() < lost) return
    if (Math.random() < late) this.#late.push({ at: now + LATE_MS, bytes })
    else this.#send(bytes)
    if (Math.random() < doubled) this.#send(bytes)
  }

  #send(bytes: Buffer): void {
    this.#own.send(bytes, this.#udpPort, '127.0.0.1')
  }

  #node(key: number, index: number): Named {
    const moved = index < NODES_PER_KEY - MOVING ? index : index + MOVING * (this.#turn % 2)
    return { key: keyName(key), port: this.#ports[(key + moved) % this.#ports.length]! }
  }

  #moving(): Named[] {
    return Array.from({ length: KEYS * MOVING }, (_, i) =>
      this.#node(i % KEYS, NODES_PER_KEY - MOVING + Math.floor(i / KEYS)),
    )
  }

  // Nonsense, and what would do harm were the stranger believed.
  #shout(): void {
    this.counts.shouted++
    const key = Math.floor(Math.random() * KEYS)
    const { port } = this.#node(key, this.counts.shouted % NODES_PER_KEY)
    const bytes = [
      () => randomBytes(1 + Math.floor(Math.random() * 1_400)),
      () => this.#nonsense[this.counts.shouted % this.#nonsense.length]!,
      () => packet('subscribe', keyName(key), DEAD_PORT),
      () => packet('unsubscribe', keyName(key), port),
    ][this.counts.shouted % 4]!()
    this.#stranger.send(bytes, this.#udpPort, '127.0.0.1')
  }
}

/** Of an http node on this machine. */
export function packet(command: Command, key: string, port: number): Buffer {
  return writePacket({ ...PLAIN, command, key, address: `127.0.0.1:${port}` }, null)
}

async function socketFrom(address: string): Promise<dgram.Socket> {
  const socket = dgram.createSocket('udp4').bind(0, address)
  await once(socket, 'listening')
  return socket.on('error', () => {}) // nobody listens there just now
}

if (process.argv[1] === import.meta.filename) await listen()

async function listen(): Promise<void> {
  const sockets = [await socketFrom('127.0.0.1'), await socketFrom(STRANGER)] as const
  let crowd: Crowd | null = null
  process.on('disconnect', () => process.exit())
  process.on('message', (message: ToCrowd) => {
    if (message.kind === 'start') crowd = new Crowd(...sockets, message)
    else if (message.kind === 'manners') crowd!.manners = message.manners
    else if (message.kind === 'mute') crowd!.isMute = message.isMute
    else if (message.kind === 'wave') crowd!.wave()
    else if (message.kind === 'shout') crowd!.shoutsPerSecond = message.perSecond
    process.send?.(crowd!.counts satisfies FromCrowd)
    if (message.kind === 'stop') process.disconnect?.()
  })
}
