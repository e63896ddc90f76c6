// bench/programs/listen.ts: the listening side that the gateways on node:http share.
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

/** Clear, or by TLS where both files are given. */
export function listen(
  listener: RequestListener,
  port: string | undefined,
  certificate: string | undefined,
  key: string | undefined,
): void {
  const server =
    certificate === undefined || key === undefined
      ? createServer(listener)
      : createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, listener)
  server.keepAliveTimeout = 75_000
  server.listen({ port: Number(port), host: '127.0.0.1', backlog: 1024 })
}
