// test/support/gateway.ts: a real gateway process with a picture of the test's own, without master and config.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import type { Test } from 'tap'
import type { ToMaster } from '../../base/messages.ts'
import type { ListenerPicture, NodePicture, Picture } from '../../base/picture.ts'

export interface TestGateway {
  readonly port: number
  readonly url: string
  readonly process: ChildProcess
  readonly events: Extract<ToMaster, { kind: 'event' }>[]
  /** Puts another picture in force; listeners stay. */
  apply(changes: Partial<Picture>): void
}

/** A picture with short time-outs and no backend. */
export const PLAIN_PICTURE: Picture = {
  version: 1,
  listeners: [],
  nodes: [],
  fallbackNodes: [],
  graceMs: 30_000,
  hostName: 'vm',
  backlog: 100,
  timeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  keepaliveMs: 10_000,
  maxHeadBytes: 32_768,
  maxHeadFields: 128,
  maxTargetBytes: 8_192,
  maxBodyBytes: 0,
  maxIdlePerNode: 256,
  vars: [],
  modifier1: 0,
  modifier2: 0,
  manageExpect: -1,
  websockets: true,
  rawBody: false,
  chunkedInput: false,
  serverNameAsHost: false,
  soKeepalive: false,
  abortOnClose: false,
  trustedProxies: [],
  accessLog: null,
}

/** A node picture from "http://127.0.0.1:80", "uwsgi://127.0.0.1:3031", "http:///path" or "uwsgi:///path". */
export function nodePicture(address: string): NodePicture {
  const match = /^(http|uwsgi):\/\/(?:(\/.*)|(.*):(\d+))$/.exec(address)
  if (match === null) throw new Error(`no node address: ${address}`)
  const [, proto, path, host, port] = match
  return {
    name: address,
    proto: proto as 'http' | 'uwsgi',
    endpoint:
      path === undefined
        ? { kind: 'tcp', addresses: [host!.replace(/[[\]]/g, '')], port: Number(port) }
        : { kind: 'unix', path },
    weight: 1,
    modifier1: 0,
    modifier2: 0,
  }
}

/**
 * Starts a gateway with one listener on 127.0.0.1 (or where `bind` says) and ends it with the test.
 *
 * @param nodes addresses as for {@link nodePicture}
 */
export async function startGateway(
  t: Test,
  nodes: readonly string[],
  changes: Partial<Picture> = {},
  listener: Partial<ListenerPicture> = {},
  bind: { host?: string; path?: string } = {},
): Promise<TestGateway> {
  // The types of Node do not know the UNIX form yet.
  const where = bind.path === undefined ? { host: bind.host ?? '127.0.0.1', port: 0 } : { path: bind.path }
  const bound = new net.BoundSocket(where as net.BoundSocketOptions)
  const address = bound.address() as net.AddressInfo | string
  const port = typeof address === 'string' ? 0 : address.port
  let picture: Picture = {
    ...PLAIN_PICTURE,
    nodes: nodes.map(nodePicture),
    listeners: [
      {
        slot: 4,
        name: bind.path ?? `127.0.0.1:${port}`,
        portText: bind.path === undefined ? String(port) : '',
        isUnix: bind.path !== undefined,
        tls: null,
        toHttps: null,
        ...listener,
      },
    ],
    ...changes,
  }
  const child = fork(new URL('../../gateway/main.ts', import.meta.url), [], {
    serialization: 'advanced',
    execArgv: ['--disable-sigusr1'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', bound.fd()],
  })
  const events: TestGateway['events'] = []
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    bound.close()
  })
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message: ToMaster) => {
      if (message.kind === 'ready') resolve()
      else if (message.kind === 'failed') reject(new Error(message.problem))
      else events.push(message)
    })
    child.once('exit', code => reject(new Error(`the gateway ended with ${code}`)))
    child.send({ kind: 'picture', picture })
  })
  return {
    port,
    url: `${listener.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    process: child,
    events,
    apply(more) {
      picture = { ...picture, ...more, version: picture.version + 1 }
      child.send({ kind: 'picture', picture })
    },
  }
}
