// bench/programs/announcer.ts: announces nodes to a gateway, all of them at its start and then so many a second:
// node KEYS NODES_PER_KEY FIRST_PORT RATE UDP_PORT GATEWAY_PORT READY_PORT.
//
// Nodes are ports of 127.0.0.1 from the first on, the same for each key. Accepts connections on READY_PORT once the gateway
// has them all.
import dgram from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { SILENT } from '../../subscription/packet/announcement.ts'
import { writePacket } from '../../subscription/packet/write.ts'
import { HOST } from '../site.ts'

const [keys, nodesPerKey, firstPort, rate, udpPort, gatewayPort, readyPort] = process.argv
  .slice(2)
  .map(Number) as [number, number, number, number, number, number, number]

const STEP_MS = 20
/** At the start, so that the kernel's queue holds what comes at once. */
const START_RATE = 5_000
/** For the last of them to be connected to. */
const SETTLE_MS = 3_000

// The host that is asked for comes last.
const packets: Buffer[] = []
for (let key = keys - 1; key >= 0; key--) {
  for (let node = 0; node < nodesPerKey; node++) {
    const address = `127.0.0.1:${firstPort + node}`
    packets.push(
      writePacket({ ...SILENT, proto: 'http', key: key === 0 ? HOST : `key${key}.example`, address }, null),
    )
  }
}

const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1')
await once(socket, 'listening')
socket.connect(udpPort, '127.0.0.1')
await once(socket, 'connect')
socket.on('error', () => {}) // the gateway is gone
await sendAll(START_RATE)
await sendAll(START_RATE)
while (!(await isServed())) await pause(50)
await pause(SETTLE_MS)
createServer(connection => connection.destroy()).listen(readyPort, '127.0.0.1')
for (;;) await sendAll(rate)

async function sendAll(perSecond: number): Promise<void> {
  const began = performance.now()
  for (let sent = 0; sent < packets.length; ) {
    const due = Math.min(packets.length, ((performance.now() - began) / 1_000) * perSecond)
    for (; sent < due; sent++) socket.send(packets[sent]!)
    await pause(STEP_MS)
  }
}

async function isServed(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const client = connect(gatewayPort, '127.0.0.1')
  client.on('error', () => resolve(false))
  client.on('data', bytes => resolve(bytes.toString('latin1').startsWith('HTTP/1.1 200')))
  client.on('close', () => resolve(false))
  client.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
  return promise
}
