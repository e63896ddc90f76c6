// test/subscription/client/listener.ts: a router's ear: a plain UDP socket that keeps every datagram it gets.
import dgram from 'node:dgram'
import { once } from 'node:events'
import type { Packet } from '../../../subscription/packet/announcement.ts'
import { readPacket } from '../../../subscription/packet/read.ts'
import type { Test } from '../../support/tmp.ts'

export interface Listener {
  readonly port: number
  readonly datagrams: readonly Buffer[]
  /** Those so far, each read; throws at one that is no packet. */
  packets(): Packet[]
  /** "subscribe a.example", in the order of their coming. */
  heard(): string[]
  /** Resolves once there are so many. */
  count(atLeast: number): Promise<void>
  /** Resolves once something not heard before `from` matches. */
  hears(what: string, from?: number): Promise<void>
}

export async function listen(t: Test, host = '127.0.0.1', port = 0): Promise<Listener> {
  const socket = dgram.createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', reuseAddr: port !== 0 })
  const datagrams: Buffer[] = []
  let waiting: (() => void)[] = []
  socket.on('message', datagram => {
    datagrams.push(datagram)
    const wake = waiting
    waiting = []
    for (const each of wake) each()
  })
  socket.bind(port, host)
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  const packets = () =>
    datagrams.map(datagram => {
      const packet = readPacket(datagram)
      if (packet.kind === 'refused') throw new Error(`${packet.reason}: ${packet.detail}`)
      return packet
    })
  const heard = () => packets().map(({ announcement: { command, key } }) => `${command} ${key}`)
  const when = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>(resolve => waiting.push(resolve))
  }
  return {
    port: socket.address().port,
    datagrams,
    packets,
    heard,
    count: atLeast => when(() => datagrams.length >= atLeast),
    hears: (what, from = 0) => when(() => heard().slice(from).includes(what)),
  }
}
