// test/support/gateway.ts: a real gateway process with a picture of the test's own, without master and config.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import type { Test } from 'tap'
import type { NodeRest, ToGateway, ToMaster } from '../../base/messages.ts'
import type {
  AccessLogFormat,
  AccessLogPicture,
  ListenerPicture,
  NodePicture,
  Picture,
} from '../../base/picture.ts'

export interface TestGateway {
  readonly port: number
  readonly url: string
  /** Its listening socket, for another gateway on it. */
  readonly bound: net.BoundSocket
  readonly process: ChildProcess
  readonly events: Extract<ToMaster, { kind: 'event' }>[]
  /** Puts another picture in force; listeners stay. Resolves once the gateway says so, rejects when it refuses. */
  apply(changes: Partial<Picture>): Promise<void>
  /** The same for settings of its listener. */
  applyToListener(changes: Partial<ListenerPicture>): Promise<void>
}

/** A picture with short time-outs and no backend. */
export const PLAIN_PICTURE: Picture = {
  version: 1,
  listeners: [],
  backends: [],
  nodes: [],
  fallbackNodes: [],
  graceMs: 30_000,
  mostGraceMs: 30_000,
  awaitsNodes: false,
  fallbackKey: '',
  policy: 'smooth',
  balances: [],
  stickySecret: '00'.repeat(32),
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
  proxyProtocol: false,
  maxConnections: 0,
  maxConnectionsPerIp: 0,
  minRate: 0,
  minRateAfterMs: 10_000,
  noOrphans: false,
  processTitle: 'sluice: gateway',
  accessLog: null,
}

/** An access log in one of the fixed formats. */
export function accessLogPicture(
  file: string,
  format: AccessLogFormat = 'uwsgi',
  changes: Partial<AccessLogPicture> = {},
): AccessLogPicture {
  const plain = {
    template: null,
    strftime: null,
    micros: false,
    forwardedFor: false,
    only: null,
    mode: 0o640,
  }
  return { file, format, ...plain, ...changes }
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
 * Starts a gateway with one listener on 127.0.0.1 (or where `bind` says, or on the socket of another) and ends it with the test.
 *
 * @param nodes addresses as for {@link nodePicture}
 * @param bind `wrapper`: a command to run it by: ['/usr/bin/prlimit', '--nofile=96:96']
 */
export async function startGateway(
  t: Test,
  nodes: readonly string[],
  changes: Partial<Picture> = {},
  listener: Partial<ListenerPicture> = {},
  bind: {
    host?: string
    path?: string
    bound?: net.BoundSocket
    stdout?: 'inherit' | 'pipe'
    wrapper?: readonly string[]
  } = {},
  rests?: readonly NodeRest[],
): Promise<TestGateway> {
  // The types of Node do not know the UNIX form yet.
  const where = bind.path === undefined ? { host: bind.host ?? '127.0.0.1', port: 0 } : { path: bind.path }
  const bound = bind.bound ?? new net.BoundSocket(where as net.BoundSocketOptions)
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
  const [program, ...words] = [...(bind.wrapper ?? []), process.execPath]
  const child = fork(new URL('../../gateway/main.ts', import.meta.url), [], {
    serialization: 'advanced',
    execPath: program!,
    execArgv: [...words, '--disable-sigusr1'],
    stdio: ['ignore', bind.stdout ?? 'inherit', 'inherit', 'ipc', bound.fd()],
  })
  const events: TestGateway['events'] = []
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    if (bind.bound === undefined) bound.close()
  })
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message: ToMaster) => {
      if (message.kind === 'ready') resolve()
      else if (message.kind === 'failed') reject(new Error(message.problem))
      else if (message.kind === 'event') events.push(message)
    })
    child.once('exit', code => reject(new Error(`the gateway ended with ${code}`)))
    child.send({ kind: 'picture', picture, ...(rests ? { rests } : {}) } satisfies ToGateway)
  })
  const apply = (changes: Partial<Picture>): Promise<void> => {
    const version = picture.version + 1
    picture = { ...picture, ...changes, version }
    const applied = new Promise<void>((resolve, reject) => {
      child.on('message', (message: ToMaster) => {
        if (message.kind === 'applied' && message.version === version) resolve()
        else if (message.kind === 'failed') reject(new Error(message.problem))
      })
    })
    applied.catch(() => {}) // for tests that do not wait
    child.send({ kind: 'picture', picture })
    return applied
  }
  return {
    port,
    url: `${listener.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    bound,
    process: child,
    events,
    apply,
    applyToListener: changes => apply({ listeners: [{ ...picture.listeners[0]!, ...changes }] }),
  }
}
