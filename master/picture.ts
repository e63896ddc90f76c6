// master/picture.ts: turns a config into the picture that gateways work from.
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { NodeAddress } from '../base/address.ts'
import type { ListenerPicture, NodePicture, Picture, TlsPicture } from '../base/picture.ts'
import type { Config } from '../config/config.ts'
import { FIRST_SLOT } from './gateways.ts'
import { targetName } from './listeners.ts'
import type { StartPlan } from './plan.ts'
import type { BindTarget, BoundListener } from './sockets.ts'

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
}

export function buildPicture({ plan, bound, tls, addresses, version }: PictureInputs): Picture {
  const { values } = plan.config
  return {
    version,
    listeners: plan.listeners.map((listener, i) => {
      return listenerPicture(listener.bind, bound[listener.bind]!, tls[i]!, listener.toHttps)
    }),
    nodes: nodePictures(values['http-to'], addresses),
    fallbackNodes: nodePictures(values['http-fallback'], addresses),
    graceMs: values['http-gracetime'],
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
    accessLog: accessLog(plan.config, plan.startDirectory),
  }
}

/** Host names of all nodes, to be kept resolved. */
export function nodeHosts({ values }: Config): string[] {
  const nodes = [...values['http-to'], ...values['http-fallback']]
  return nodes.flatMap(node => (node.kind === 'tcp' ? [node.host] : []))
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

// One descriptor per bound address, in order.
function listenerPicture(
  bind: number,
  listener: BoundListener,
  tls: TlsPicture | null,
  toHttps: ListenerPicture['toHttps'],
): ListenerPicture {
  const isUnix = listener.request.target.kind === 'unix'
  const portText = isUnix ? '' : String(listener.port)
  return { slot: FIRST_SLOT + bind, name: boundName(listener), portText, isUnix, tls, toHttps }
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

function accessLog({ values }: Config, startDirectory: string): Picture['accessLog'] {
  const file = values['access-log']
  if (file === null || values['disable-logging']) return null
  return { file: file === '-' ? file : resolve(startDirectory, file), format: values['access-log-format'] }
}
