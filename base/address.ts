// base/address.ts: reads the two kinds of addresses people write: where to listen, and where a node is.
import { isIPv4, isIPv6 } from 'node:net'

/** Why a text is no address, and what to write instead; both are sentences without their full stop. */
export interface AddressProblem {
  readonly problem: string
  readonly remedy: string
}

/** Where to listen. `text` is canonical: equal texts are equal addresses. */
export type ListenAddress =
  /** `host` is numeric or a name to resolve, never ''. Port 0: the kernel picks. */
  | {
      readonly kind: 'tcp'
      readonly host: string
      readonly port: number
      readonly ipv6: boolean
      readonly text: string
    }
  /** `127.*:80`: the first address of this machine that begins with `prefix` ("127."). */
  | { readonly kind: 'tcp-prefix'; readonly prefix: string; readonly port: number; readonly text: string }
  /** `path` as written, so relative to the start directory. */
  | { readonly kind: 'unix'; readonly path: string; readonly text: string }
  /** `name` without the leading '@' (or NUL). */
  | { readonly kind: 'abstract'; readonly name: string; readonly text: string }
  /** `=N`: the shared socket declared N-th, from 0. */
  | { readonly kind: 'shared'; readonly index: number; readonly text: string }
  /** `fd://N`: an inherited listening descriptor. */
  | { readonly kind: 'fd'; readonly fd: number; readonly text: string }

/**
 * Where a node is. `name` is canonical: "http://127.0.0.1:3000", "uwsgi:///run/app.sock", "uwsgi://@app".
 * `path` is what connect(2) wants: an abstract name begins with a NUL there.
 */
export type NodeAddress =
  | {
      readonly proto: NodeProto
      readonly kind: 'tcp'
      readonly host: string
      readonly port: number
      readonly name: string
    }
  | { readonly proto: NodeProto; readonly kind: 'unix'; readonly path: string; readonly name: string }

export type NodeProto = 'http' | 'uwsgi'

// sun_path holds 108 bytes; uWSGI stops at 102, and a file must mean the same in both.
const LONGEST_UNIX_PATH = 102
const LONGEST_ABSTRACT_NAME = 107
const LATER_PROTOS = new Set(['https', 'h2', 'fastcgi', 'scgi'])

/** Reads one of `:8080`, `host:80`, `[::1]:80`, `127.*:80`, `/path`, `x.sock`, `@name`, `=N`, `fd://N`. */
export function parseListenAddress(text: string): ListenAddress | AddressProblem {
  const address = text.trim()
  if (address === '') return wrong('the address is empty', 'Write an address such as :8080 or /run/x.sock')
  if (address.startsWith('=')) return sharedSocket(address)
  if (address.startsWith('fd://')) return descriptor(address)
  const prefixed = unixPrefix(address)
  if (prefixed !== null) return onlyPath(address, prefixed)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    return wrong(
      `"${address}" is a URL, not an address to listen on`,
      'Write host:port, such as 127.0.0.1:8080 or :8080',
    )
  }
  if (isAbstract(address)) return abstractSocket(address)
  if (/^\d+$/.test(address))
    return wrong(`"${address}" is neither an address nor a path`, `Did you mean :${address}?`)
  if (!address.includes(':')) return unixSocket(address)
  if (address.startsWith('/')) {
    return wrong(`the path "${address}" has a colon`, 'Choose a path for the UNIX socket without ":"')
  }
  const split = splitPort(address)
  if ('problem' in split) return split
  return tcpListener(split.host, split.port === '' ? '0' : split.port, address)
}

/** Reads `[proto://]address`: address is `host:port`, `:port` (this machine), `[v6]:port`, `/path` or `@abstract`. */
export function parseNodeAddress(text: string): NodeAddress | AddressProblem {
  const whole = text.trim()
  if (/(^|,)\s*weight\s*=/.test(whole)) {
    return wrong('a weight cannot be given here', 'Name a node twice to give it two turns of each round')
  }
  const prefixed = unixPrefix(whole)
  if (prefixed !== null) return onlyPath(whole, prefixed)
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(whole)
  const proto = scheme?.[1]?.toLowerCase() ?? 'uwsgi'
  const address = scheme === null ? whole : whole.slice(scheme[0].length)
  if (LATER_PROTOS.has(proto)) {
    return wrong(`nodes that speak ${proto} are not supported yet`, 'Use an http:// or uwsgi:// node')
  }
  if (proto !== 'http' && proto !== 'uwsgi') {
    return wrong(`"${proto}" is not a protocol of nodes`, 'Write http://ADDRESS or uwsgi://ADDRESS')
  }
  if (address === '') return wrong('the address of the node is empty', 'Write host:port or /path/to.sock')
  const path = unixPrefix(address)
  if (path !== null) return onlyPath(whole, `${proto}://${path}`)
  if (/^\d+$/.test(address)) return onlyPort(address, scheme?.[0] ?? '')
  if (isAbstract(address)) return abstractNode(proto, address)
  if (address.startsWith('/')) return unixNode(proto, address)
  return tcpNode(proto, address)
}

// The path of "unix:/run/x.sock" and "unix:///run/x.sock", as others write it; a host may be called "unix", too.
function unixPrefix(address: string): string | null {
  return /^unix:(?:\/\/)?(?!\d*$)(.+)$/i.exec(address)?.[1] ?? null
}

function onlyPath(written: string, path: string): AddressProblem {
  return wrong(`"${written}" is not how the path of a UNIX socket is written`, `Write only the path: ${path}`)
}

function onlyPort(port: string, scheme: string): AddressProblem {
  return wrong(
    `"${port}" is neither an address nor a path`,
    `Write ${scheme}:${port} or ${scheme}127.0.0.1:${port}`,
  )
}

function sharedSocket(address: string): ListenAddress | AddressProblem {
  const index = address.slice(1)
  if (!/^\d{1,4}$/.test(index)) {
    return wrong(
      `"${address}" names no shared socket`,
      'Write =0 for the first shared-socket, =1 for the second',
    )
  }
  return { kind: 'shared', index: Number(index), text: `=${Number(index)}` }
}

function descriptor(address: string): ListenAddress | AddressProblem {
  const fd = address.slice('fd://'.length)
  if (!/^\d{1,6}$/.test(fd))
    return wrong(`"${address}" names no descriptor`, 'Write a number, such as fd://3')
  return { kind: 'fd', fd: Number(fd), text: `fd://${Number(fd)}` }
}

function abstractSocket(address: string): ListenAddress | AddressProblem {
  const name = abstractName(address)
  return typeof name === 'string' ? { kind: 'abstract', name, text: `@${name}` } : name
}

function unixSocket(path: string): ListenAddress | AddressProblem {
  const bytes = Buffer.byteLength(path)
  if (bytes > LONGEST_UNIX_PATH) return pathTooLong(bytes)
  return { kind: 'unix', path, text: path }
}

function tcpListener(host: string, portText: string, address: string): ListenAddress | AddressProblem {
  const port = portNumber(portText)
  if (port === null) return badPort(portText, address)
  if (host.includes('*')) return prefixListener(host, port, address)
  if (host === '') return { kind: 'tcp', host: '0.0.0.0', port, ipv6: false, text: `0.0.0.0:${port}` }
  const problem = hostProblem(host)
  if (problem !== null) return problem
  return { kind: 'tcp', host, port, ipv6: isIPv6(host), text: hostPort(host, port) }
}

// A bare star is every address: the reference takes whichever interface comes first, which nobody means.
function prefixListener(host: string, port: number, address: string): ListenAddress | AddressProblem {
  if (host === '*') return { kind: 'tcp', host: '0.0.0.0', port, ipv6: false, text: `0.0.0.0:${port}` }
  if (!/^\d{1,3}(\.\d{1,3}){0,2}\.?\*$/.test(host)) {
    return wrong(
      `"${address}" is no pattern of addresses`,
      'Write the first numbers of an IPv4 address and a star: 127.*:80',
    )
  }
  return { kind: 'tcp-prefix', prefix: host.slice(0, -1), port, text: `${host}:${port}` }
}

function abstractNode(proto: NodeProto, address: string): NodeAddress | AddressProblem {
  const name = abstractName(address)
  return typeof name === 'string'
    ? { proto, kind: 'unix', path: `\0${name}`, name: `${proto}://@${name}` }
    : name
}

function unixNode(proto: NodeProto, path: string): NodeAddress | AddressProblem {
  const bytes = Buffer.byteLength(path)
  return bytes > LONGEST_UNIX_PATH
    ? pathTooLong(bytes)
    : { proto, kind: 'unix', path, name: `${proto}://${path}` }
}

function tcpNode(proto: NodeProto, address: string): NodeAddress | AddressProblem {
  const slash = address.search(/[/?#]/)
  if (slash >= 0) {
    return wrong(
      `the node "${address}" has a path`,
      `A node is an address only: write ${proto}://${address.slice(0, slash)}`,
    )
  }
  const split = splitPort(address)
  if ('problem' in split) return split
  const port = portNumber(split.port)
  if (port === null) return badPort(split.port, address)
  if (port === 0)
    return wrong(`the node "${address}" has no port`, `Write the port, such as ${proto}://HOST:3000`)
  const host = split.host === '' ? '127.0.0.1' : split.host
  const problem = hostProblem(host)
  if (problem !== null) return problem
  return { proto, kind: 'tcp', host, port, name: `${proto}://${hostPort(host, port)}` }
}

function splitPort(address: string): { host: string; port: string } | AddressProblem {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(address)
  if (bracketed !== null) {
    const host = bracketed[1]!
    if (!isIPv6(host)) return wrong(`"${host}" is not an IPv6 address`, 'Write an address such as [::1]:80')
    if (bracketed[2] === undefined) return wrong(`"${address}" has no port`, `Write ${address}:80`)
    return { host, port: bracketed[2] }
  }
  if (isIPv6(address)) {
    return wrong(
      `"${address}" is an IPv6 address without brackets`,
      `Write it in brackets, with a port: ${inBrackets(address)}`,
    )
  }
  const colon = address.lastIndexOf(':')
  if (colon < 0)
    return wrong(`"${address}" has no port`, `Write ${address}:80, or a path that begins with "/"`)
  return { host: address.slice(0, colon), port: address.slice(colon + 1) }
}

// "::1:8080" is an address as a whole, but was hardly meant as one.
function inBrackets(address: string): string {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  return isIPv6(host) ? `[${host}]:${port}` : `[${address}]:80`
}

// '' is 0, as uWSGI reads it: a listener lets the kernel pick, a node refuses it.
function portNumber(text: string): number | null {
  if (text === '') return 0
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null
}

function badPort(port: string, address: string): AddressProblem {
  return wrong(`"${port}" in "${address}" is not a port`, 'A port is a number from 0 to 65535')
}

// A name whose last label is a number would be taken for an IPv4 address by some resolvers: 1.2.3 is 1.2.0.3.
function hostProblem(host: string): AddressProblem | null {
  if (isIPv4(host) || isIPv6(host)) return null
  if (/(^|\.)\d+$/.test(host))
    return wrong(`"${host}" is not an IPv4 address`, 'Write four numbers from 0 to 255, or a name')
  if (
    host.length <= 253 &&
    /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(host)
  )
    return null
  return wrong(
    `"${host}" is neither an address nor a host name`,
    'Write an IPv4 address, an IPv6 address in brackets, or a name',
  )
}

/** "10.0.0.7:80", "[::1]:80". */
export function hostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

// uWSGI also takes the two characters backslash and zero for the leading NUL.
function isAbstract(address: string): boolean {
  return address.startsWith('@') || address.startsWith('\\0')
}

function abstractName(address: string): string | AddressProblem {
  const name = address.slice(address.startsWith('@') ? 1 : 2)
  if (name === '') return wrong('the abstract socket has no name', 'Write a name after the "@"')
  if (Buffer.byteLength(name) > LONGEST_ABSTRACT_NAME) {
    return wrong(
      `the abstract name has ${Buffer.byteLength(name)} bytes`,
      `Choose one of at most ${LONGEST_ABSTRACT_NAME}`,
    )
  }
  return name
}

function pathTooLong(bytes: number): AddressProblem {
  return wrong(`the socket's path has ${bytes} bytes`, `Choose a path of at most ${LONGEST_UNIX_PATH} bytes`)
}

function wrong(problem: string, remedy: string): AddressProblem {
  return { problem, remedy }
}
