// test/support/ports.ts: ports that nobody has, for programs that do not say which they got, and for nodes that are dead.
import dgram from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'

/** Where the search begins: above what services of a machine like to have. */
const LOWEST = 10_000
/** Test files that run at a time have pids near to each other, and shall not try the same ports. */
const STEP = 16

// Ports that the kernel gives to none who asks for any: nobody else gets ours between here and its use.
const [firstGiven, lastGiven] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
  .trim()
  .split(/\s+/)
  .map(Number) as [number, number]
const [from, to] = firstGiven - LOWEST > 10_000 ? [LOWEST, firstGiven] : [lastGiven + 1, 65_536]
let tried = process.pid * STEP

/** @param host '::': free for IPv4 and IPv6 */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return firstFree(async port => {
    const server = net.createServer().listen(port, host)
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
  })
}

/** Of 127.0.0.1. */
export function freeUdpPort(): Promise<number> {
  return firstFree(async port => {
    const socket = dgram.createSocket('udp4').bind(port, '127.0.0.1')
    try {
      await once(socket, 'listening')
    } finally {
      socket.close()
    }
  })
}

async function firstFree(take: (port: number) => Promise<void>): Promise<number> {
  for (;;) {
    const port = from + (tried++ % (to - from))
    try {
      await take(port)
      return port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}
