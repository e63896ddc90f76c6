// master/picture.ts: turns a config into the picture that gateways work from.
import { hostname } from 'node:os'
import type { NodeAddress } from '../base/address.ts'
import type {
  BackendPicture,
  BalancePicture,
  ListenerPicture,
  NodePicture,
  Picture,
  TlsPicture,
} from '../base/picture.ts'
import type { BackendNode } from '../config/backend-kind.ts'
import { type BalanceLine, DEFAULT_QUEUE_MS } from '../config/balance-kind.ts'
import { type Held, slotOf } from './generations.ts'
import type { StartPlan } from './plan.ts'
import { backendNodes, type PlannedNodes } from './rules-plan.ts'
import { targetName } from './sockets/listeners.ts'
import type { BindTarget, BoundListener } from './sockets/sockets.ts'
import { processTitle } from './steering/process-names.ts'

/** How long a client may be slower than min-rate. */
const MIN_RATE_AFTER_MS = 10_000

/** What the picture takes from the world as it is now. */
export interface PictureInputs {
  readonly plan: StartPlan
  /** One for each of plan.binds. */
  readonly bound: readonly BoundListener[]
  /** One for each of plan.listeners. */
  readonly tls: readonly (TlsPicture | null)[]
  /** Addresses of a node's host now; empty while it does not resolve. */
  readonly addresses: (host: string) => readonly string[]
  readonly version: number
  /** See {@link Picture.stickySecret}. */
  readonly stickySecret: string
  /** See {@link Picture.rules}. */
  readonly rules: number
  /** The sockets of the gateways that it is for: what they do not hold is left out. */
  readonly held: Held
}

export function buildPicture({
  plan,
  bound,
  tls,
  addresses,
  version,
  stickySecret,
  rules,
  held,
}: PictureInputs): Picture {
  const { values } = plan.config
  return {
    version,
    listeners: plan.listeners.flatMap((listener, i) => {
      const socket = bound[listener.bind]!
      return [socket, ...socket.more].flatMap(copy => {
        const slot = slotOf(held, copy)
        return slot < 0 ? [] : [listenerPicture(slot, socket, tls[i]!, listener.toHttps)]
      })
    }),
    backends: backendPictures(backendNodes(plan), addresses, plan.gateways),
    nodes: nodePictures(values['http-to'], addresses),
    fallbackNodes: nodePictures(values['http-fallback'], addresses),
    graceMs: values['http-gracetime'],
    mostGraceMs: Math.max(values['http-gracetime'], values['http-max-gracetime']),
    awaitsNodes: values['http-subscription-server'].length > 0,
    fallbackKey: values['http-subscription-fallback-key'] ?? '',
    policy: values['subscription-algo'],
    balances: values.balance.map(line => balancePicture(line, plan.gateways)),
    stickySecret,
    hostName: hostname(),
    backlog: values.listen,
    timeoutMs: values['http-timeout'],
    headersTimeoutMs: values['http-headers-timeout'],
    connectTimeoutMs: values['http-connect-timeout'],
    keepaliveMs: values['http-keepalive'],
    maxHeadBytes: values['http-max-head-size'],
    maxHeadFields: values['http-max-headers'],
    maxTargetBytes: values['http-max-uri'],
    maxBodyBytes: values['limit-post'],
    maxIdlePerNode: values['http-max-idle'],
    gateways: plan.gateways,
    rules,
    mergeSlashes: values['merge-slashes'],
    escapedSlash: values['escaped-slash'],
    vars: values['http-var'],
    modifier1: values['http-modifier1'],
    modifier2: values['http-modifier2'],
    manageExpect: values['http-manage-expect'],
    websockets: values['http-websockets'],
    rawBody: values['http-raw-body'],
    chunkedInput: values['http-chunked-input'],
    serverNameAsHost: values['http-server-name-as-http-host'],
    soKeepalive: values['so-keepalive'],
    abortOnClose: values['abort-on-close'],
    trustedProxies: values['trusted-proxy'],
    proxyProtocol: values['enable-proxy-protocol'] || values['http-enable-proxy-protocol'],
    maxConnections: share(values['max-connections'] ?? 0, plan.gateways),
    maxConnectionsPerIp: share(values['max-connections-per-ip'], plan.gateways),
    minRate: values['min-rate'],
    minRateAfterMs: MIN_RATE_AFTER_MS,
    noOrphans: values['no-orphans'],
    processTitle: processTitle(values, 'gateway'),
    accessLog: plan.logs.access,
  }
}

/** Host names of all nodes, and of servers that announcements are passed on to, to be kept resolved. */
export function hostsOf(plan: PlannedNodes): string[] {
  const { values } = plan.config
  const nodes = [
    ...values['http-to'],
    ...values['http-fallback'],
    ...backendNodes(plan).map(({ address }) => address),
  ]
  const hosts = nodes.flatMap(node => (node.kind === 'tcp' ? [node.host] : []))
  return [...hosts, ...values['http-resubscribe'].map(({ host }) => host)]
}

/** As in the picture and in messages, each once. */
export function nodeNames(plan: PlannedNodes): string[] {
  const { values } = plan.config
  const names = [...values['http-to'], ...values['http-fallback']].map(({ name }) => name)
  return [...new Set([...names, ...backendNodes(plan).map(nameInBackend)])]
}

/** Address with the port that was really bound. */
export function boundName(listener: BoundListener): string {
  return targetName(boundTarget(listener))
}

/** The target, with the kernel's choice in place of port 0. */
export function boundTarget(listener: BoundListener): BindTarget {
  const { target } = listener.request
  return target.kind === 'tcp' ? { ...target, port: listener.port } : target
}

function listenerPicture(
  slot: number,
  listener: BoundListener,
  tls: TlsPicture | null,
  toHttps: ListenerPicture['toHttps'],
): ListenerPicture {
  const isUnix = listener.request.target.kind === 'unix'
  const portText = isUnix ? '' : String(listener.port)
  return { slot, name: boundName(listener), portText, isUnix, tls, toHttps }
}

// In the order in which the keys are first named.
function backendPictures(
  nodes: readonly BackendNode[],
  addresses: (host: string) => readonly string[],
  gateways: number,
): BackendPicture[] {
  return [...Map.groupBy(nodes, ({ key }) => key)].map(([key, members]) => {
    const byName = Map.groupBy(members, nameInBackend)
    const pictures = [...byName].map(([name, same]) => {
      const weight = same.reduce((sum, node) => sum + node.weight, 0)
      const { address, backup, limit, modifier1, modifier2 } = same[0]!
      const picture = nodePicture(address, weight, addresses)
      return { ...picture, name, modifier1, modifier2, backup, limit: share(limit, gateways) }
    })
    return { key, nodes: pictures }
  })
}

function balancePicture(line: BalanceLine, gateways: number): BalancePicture {
  const { key, policy, on, sticky, slowStartMs, limit, queueLength, queueMs, mostEjectedShare } = line
  return {
    key,
    policy,
    on: on ?? { kind: 'address' },
    sticky,
    slowStartMs,
    limit: share(limit, gateways),
    queueLength: share(queueLength, gateways),
    queueMs: queueMs ?? DEFAULT_QUEUE_MS,
    mostEjectedShare,
  }
}

function nameInBackend({ key, address }: BackendNode): string {
  return `${key} ${address.name}`
}

// A node that is listed n times gets n turns.
function nodePictures(
  nodes: readonly NodeAddress[],
  addresses: (host: string) => readonly string[],
): NodePicture[] {
  const byName = Map.groupBy(nodes, node => node.name)
  return [...byName.values()].map(same => nodePicture(same[0]!, same.length, addresses))
}

function nodePicture(
  node: NodeAddress,
  weight: number,
  addresses: (host: string) => readonly string[],
): NodePicture {
  const endpoint: NodePicture['endpoint'] =
    node.kind === 'unix'
      ? { kind: 'unix', path: node.path }
      : { kind: 'tcp', addresses: addresses(node.host), port: node.port }
  return { name: node.name, proto: node.proto, endpoint, weight, modifier1: 0, modifier2: 0 }
}

// No memory is shared between gateways: each has its part of a limit, rounded up.
function share(limit: number, gateways: number): number {
  return Math.ceil(limit / gateways)
}
