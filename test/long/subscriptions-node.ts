// test/long/subscriptions-node.ts: the process of some nodes, one for each port: each answers with its name, or as it is told.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** To this process. */
export type ToNode =
  | { readonly kind: 'answer'; readonly status: number }
  /** Closes its ports and all connections, or opens the ports again. */
  | { readonly kind: 'refuse'; readonly isRefusing: boolean }

/** From this process: at its start, and to each message. */
export interface FromNode {
  readonly ports: readonly number[]
}

const KEEP_ALIVE_MS = 600_000

let status = 200
const servers = Array.from({ length: Number(process.argv[2]) }, () =>
  createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, ({ socket }, response) => {
    const name = String(socket.localPort)
    response.writeHead(status, { 'X-Port': name, 'Content-Length': name.length }).end(name)
  }),
)
const ports: readonly number[] = await Promise.all(servers.map((_, index) => open(index, 0)))

process.on('disconnect', () => process.exit())
process.on('message', async (message: ToNode) => {
  if (message.kind === 'answer') status = message.status
  else if (message.isRefusing) for (const server of servers) close(server)
  else await Promise.all(ports.map((port, index) => open(index, port)))
  tell()
})
tell()

function tell(): void {
  process.send?.({ ports } satisfies FromNode)
}

async function open(index: number, port: number): Promise<number> {
  const server = servers[index]!
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', 4096, resolve))
  return (server.address() as AddressInfo).port
}

function close(server: (typeof servers)[number]): void {
  server.close()
  server.closeAllConnections()
}
