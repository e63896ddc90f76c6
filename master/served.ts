// master/served.ts: tells people, in lines that begin with a URL to open, what is served where.
import type { Picture } from '../base/picture.ts'
import { boundTarget } from './picture.ts'
import type { StartPlan } from './plan.ts'
import type { BindTarget, BoundListener } from './sockets/sockets.ts'

export interface Served {
  /** "http://localhost:8080/", or a curl command for a UNIX socket. */
  readonly url: string
  /** Where requests go from there. */
  readonly what: string
}

type Destinations = Pick<Picture, 'backends' | 'nodes' | 'awaitsNodes'>

/** One for each listener, in the config's order. */
export function servedUrls(plan: StartPlan, bound: readonly BoundListener[], to: Destinations): Served[] {
  return plan.listeners.map((listener, i) => {
    const scheme = listener.tls ? 'https' : 'http'
    const isOwn = plan.tls[i]?.certificate === 'self-signed'
    const url = urlOf(scheme, boundTarget(bound[listener.bind]!), isOwn)
    const where = listener.toHttps ? 'redirects to https' : whereText(to)
    return { url, what: isOwn ? `${where}; self-signed certificate: browsers will warn` : where }
  })
}

/** The whole announcement; each URL has one line of its own, also when it stands for IPv4 and IPv6 listeners. */
export function servedText(version: string, served: readonly Served[]): string {
  const once = served.filter(({ url, what }, i) => {
    return !served.slice(0, i).some(before => before.url === url && before.what === what)
  })
  const width = Math.max(...served.map(({ url }) => url.length))
  const lines = once.map(({ url, what }) => `  ${url.padEnd(width)}  ${what}`)
  return [`Sluice ${version} serves (process ${process.pid}):`, ...lines, ''].join('\n')
}

function whereText({ backends, nodes, awaitsNodes }: Destinations): string {
  if (awaitsNodes) return announcedText(backends, nodes)
  if (backends.length === 0) {
    return nodes.length === 0 ? 'welcome page: no node is configured (http-to)' : nodesText(nodes)
  }
  return `${backendsText(backends)}, others ${nodes.length === 0 ? 'get 404' : nodesText(nodes)}`
}

function announcedText(backends: Picture['backends'], nodes: Picture['nodes']): string {
  const announced = 'to nodes that announce themselves'
  const first = backends.length === 0 ? announced : `${backendsText(backends)}, others ${announced}`
  return nodes.length === 0 ? first : `${first}, else ${nodesText(nodes)}`
}

function backendsText(backends: Picture['backends']): string {
  return backends.length === 1
    ? `${backends[0]!.key} to its backend`
    : `${backends.length} hosts to their backends`
}

function nodesText(nodes: Picture['nodes']): string {
  const [first, second] = nodes
  return nodes.length > 2
    ? `to ${first!.name} and ${nodes.length - 1} more`
    : `to ${[first, second]
        .filter(Boolean)
        .map(n => n!.name)
        .join(' and ')}`
}

function urlOf(scheme: 'http' | 'https', target: BindTarget, isSelfSigned: boolean): string {
  if (target.kind === 'unix') {
    const flag = target.path.startsWith('\0') ? '--abstract-unix-socket' : '--unix-socket'
    const path = target.path.replace(/^\0/, '')
    return `curl ${isSelfSigned ? '-k ' : ''}${flag} ${shellWord(path)} ${scheme}://localhost/`
  }
  const port = target.port === (scheme === 'https' ? 443 : 80) ? '' : `:${target.port}`
  return `${scheme}://${urlHost(target.host)}${port}/`
}

// Addresses that mean this machine are "localhost", which is also what a self-signed certificate names.
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

function shellWord(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
