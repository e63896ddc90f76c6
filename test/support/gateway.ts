// test/support/gateway.ts: a real gateway process with a picture of the test's own, without master and config.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import type { Test } from 'tap'
import type {
  CounterBatch,
  NodeCounters,
  NodeRest,
  ToGateway,
  ToMaster,
  Verdict,
} from '../../base/messages.ts'
import type {
  AccessLogFormat,
  AccessLogPicture,
  BalancePicture,
  KeyPicture,
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
  readonly batches: CounterBatch[]
  /** All that was told of one node: sums, and what was said last of its rest and of what it has in hand. */
  countersOf(name: string): NodeCounters
  /** Look-ups that were told to have found this key. */
  hitsOf(key: string): number
  /** Nodes announce themselves or leave. Resolves once that is in force. */
  announce(...keys: KeyPicture[]): Promise<void>
  judge(...verdicts: Verdict[]): Promise<void>
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
  gateways: 1,
  rules: 0,
  mergeSlashes: true,
  escapedSlash: 'decode',
}

/** A line of `balance` that changes nothing. */
export const PLAIN_BALANCE: BalancePicture = {
  key: '*',
  policy: null,
  on: { kind: 'address' },
  sticky: '',
  slowStartMs: 0,
  limit: 0,
  queueLength: 0,
  queueMs: 1_000,
  mostEjectedShare: 0.5,
}

/** Nodes of a key come: addresses as for {@link nodePicture}. */
export function joins(key: string, ...addresses: string[]): KeyPicture {
  const nodes = addresses.map(address => ({ ...nodePicture(address), name: `${key} ${address}` }))
  return { key, algo: '', nodes, gone: [] }
}

/** They leave. */
export function leaves(key: string, ...addresses: string[]): KeyPicture {
  return { key, algo: '', nodes: [], gone: addresses.map(address => `${key} ${address}`) }
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
 * @param bind `wrapper`: a command to run it by: ['/usr/bin/prlimit', '--nofile=96:96']; `before`: what it is told before
 *   its picture; `env`: more of its environment
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
    before?: readonly ToGateway[]
    env?: Readonly<Record<string, string>>
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
    env: { ...process.env, ...bind.env },
    execArgv: [...words, '--disable-sigusr1'],
    stdio: ['ignore', bind.stdout ?? 'inherit', 'inherit', 'ipc', bound.fd()],
  })
  const events: TestGateway['events'] = []
  const batches: CounterBatch[] = []
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
      else if (message.kind === 'counters') batches.push(message.counters)
    })
    child.once('exit', code => reject(new Error(`the gateway ended with ${code}`)))
    for (const message of bind.before ?? []) child.send(message)
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
    batches,
    countersOf: name => sumOf(batches, name),
    hitsOf: key =>
      batches.flatMap(({ hits }) => hits).reduce((sum, one) => sum + (one.key === key ? one.hits : 0), 0),
    apply,
    async announce(...keys) {
      child.send({ kind: 'table', keys } satisfies ToGateway)
      await apply({})
    },
    async judge(...verdicts) {
      child.send({ kind: 'verdicts', verdicts } satisfies ToGateway)
      await apply({})
    },
    applyToListener: changes => apply({ listeners: [{ ...picture.listeners[0]!, ...changes }] }),
  }
}

function sumOf(batches: readonly CounterBatch[], name: string): NodeCounters {
  const told = batches.flatMap(({ nodes }) => nodes).filter(node => node.name === name)
  const sum = (field: 'requests' | 'failures' | 'tx' | 'rx'): number =>
    told.reduce((all, node) => all + node[field], 0)
  const last = told.at(-1) ?? { restsMs: 0, cause: '', inHand: 0, latencyMs: 0 }
  const { restsMs, cause, inHand, latencyMs } = last
  const [requests, failures, tx, rx] = [sum('requests'), sum('failures'), sum('tx'), sum('rx')]
  return { name, requests, failures, restsMs, cause, tx, rx, inHand, latencyMs }
}
