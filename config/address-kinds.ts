// config/address-kinds.ts: the kinds of values that hold addresses: listeners, nodes, networks.
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import {
  type ListenAddress,
  type NodeAddress,
  parseListenAddress,
  parseNodeAddress,
} from '../base/address.ts'
import { type Kind, refuse } from './kinds.ts'

/**
 * `https = ADDR,CRT,KEY[,CIPHERS[,CA]]`. File names as written; '' for what is absent. A `cert` of "self-signed"
 * without a `key` asks for a certificate of our own making.
 */
export interface TlsListener {
  readonly address: ListenAddress
  readonly cert: string
  readonly key: string
  readonly ciphers: string
  readonly clientCa: string
  /** A "!" before the CA: clients without a certificate are refused. */
  readonly clientCertRequired: boolean
}

/** `http-to-https = ADDR[,PORT]`; `port` '' names none in the new URL. */
export interface RedirectListener {
  readonly address: ListenAddress
  readonly port: string
}

const LISTEN_REMEDY = 'Write an address such as :8080, 127.0.0.1:8080, [::1]:8080, /run/x.sock or =0'

// 0 to 2 are standard input, output and error.
const FIRST_INHERITED = 3

/** One address to listen on. */
export const listenAddress: Kind<ListenAddress> = {
  schema: z.string().transform((text, ctx) => listen(text, ctx)),
  metavar: 'ADDRESS',
  remedy: LISTEN_REMEDY,
}

/** An address to bind now: what "=N" refers to, so no "=N" itself. */
export const sharedAddress: Kind<ListenAddress> = {
  schema: z.string().transform((text, ctx) => {
    const address = listen(text, ctx)
    return address?.kind === 'shared'
      ? refuse(ctx, text, 'a shared socket cannot stand for another one')
      : address
  }),
  metavar: 'ADDRESS',
  remedy: LISTEN_REMEDY,
}

/** An address that the master itself listens on. */
export const statsAddress: Kind<ListenAddress> = {
  schema: z.string().transform((text, ctx) => {
    const address = listen(text, ctx)
    return address?.kind === 'shared' || address?.kind === 'fd'
      ? refuse(ctx, text, 'it is the socket of listeners, which gateways accept on')
      : address
  }),
  metavar: 'ADDRESS',
  remedy: 'Write an address such as 127.0.0.1:9191 or /run/stats.sock',
}

/** An address with its certificate. */
export const tlsListener: Kind<TlsListener> = {
  schema: z.string().transform((text, ctx): TlsListener => {
    const fields = text.split(',').map(field => field.trim())
    const [address = '', cert = '', key = '', ciphers = '', ca = ''] = fields
    if (fields.length > 5) return refuse(ctx, text, `it has ${fields.length} fields`)
    if (cert === '') return refuse(ctx, text, 'the certificate is missing')
    if (key === '' && cert !== 'self-signed') return refuse(ctx, text, 'the key is missing')
    const clientCertRequired = ca.startsWith('!')
    const clientCa = clientCertRequired ? ca.slice(1) : ca
    if (clientCertRequired && clientCa === '') return refuse(ctx, text, 'no CA follows the "!"')
    return { address: listen(address, ctx), cert, key, ciphers, clientCa, clientCertRequired }
  }),
  metavar: 'ADDR,CRT,KEY[,CIPHERS[,CA]]',
  remedy: 'Write ADDR,CRT,KEY, and if need be ,CIPHERS and ,CA or ,!CA',
}

/** An address that sends clients to https. */
export const redirectListener: Kind<RedirectListener> = {
  schema: z.string().transform((text, ctx): RedirectListener => {
    const [address = '', port = '', ...rest] = text.split(',').map(field => field.trim())
    if (rest.length > 0) return refuse(ctx, text, `it has ${rest.length + 2} fields`)
    if (port !== '' && (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)) {
      return refuse(ctx, text, `"${port}" is not a port`, 'A port is a number from 1 to 65535')
    }
    return { address: listen(address, ctx), port }
  }),
  metavar: 'ADDR[,PORT]',
  remedy: 'Write ADDR, or ADDR,PORT with the port that clients shall use',
}

/** One node. */
export const nodeAddress: Kind<NodeAddress> = {
  schema: z.string().transform((text, ctx): NodeAddress => {
    const address = parseNodeAddress(text)
    return 'problem' in address ? refuse(ctx, text, address.problem, address.remedy) : address
  }),
  metavar: '[PROTO://]ADDRESS',
  remedy: 'Write a node such as http://127.0.0.1:3000, 127.0.0.1:3031 or /run/app.sock',
}

/** Networks between commas, as canonical CIDRs ("10.0.0.0/8"), and `unix` for clients on UNIX sockets. */
export const networks: Kind<readonly string[]> = {
  schema: z.string().transform((text, ctx) =>
    text.split(',').map(part => {
      const network = part.trim()
      if (network === 'unix') return network
      const problem = networkProblem(network)
      return problem === null ? canonicalNetwork(network) : refuse(ctx, text, problem)
    }),
  ),
  metavar: 'CIDR[,CIDR…]',
  remedy: 'Write networks such as 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32, or unix',
}

// On failure the issue is recorded, and what comes back is not used.
function listen(text: string, ctx: z.RefinementCtx): ListenAddress {
  const address = parseListenAddress(text)
  if ('problem' in address) return refuse(ctx, text, address.problem, address.remedy)
  if (address.kind === 'unix' && isIPv4(text.trim())) {
    const remedy = `Write ${text.trim()}:8080; for a UNIX socket of that name, ./${text.trim()}`
    return refuse(ctx, text, 'it has no port', remedy)
  }
  if (address.kind !== 'fd' || address.fd >= FIRST_INHERITED) return address
  return refuse(
    ctx,
    text,
    `${address.text} is standard input or output`,
    'Inherited sockets begin with fd://3',
  )
}

// ipaddr.js reads "10" and "0x0a.1" as C does; a network that people must agree on is written in full.
function networkProblem(network: string): string | null {
  const [address = '', bits, ...rest] = network.split('/')
  const isV4 = ipaddr.IPv4.isValidFourPartDecimal(address)
  if (!isV4 && !ipaddr.IPv6.isValid(address)) return `"${network}" is not a network`
  if (bits === undefined) return null
  const longest = isV4 ? 32 : 128
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > longest) {
    return `"${network}" has no prefix length from 0 to ${longest}`
  }
  const first = (isV4 ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(network).toString()
  const same = first === ipaddr.parse(address).toString()
  return same ? null : `"${network}" has bits beyond its prefix: the network is ${first}/${bits}`
}

function canonicalNetwork(network: string): string {
  const [address = '', bits] = network.split('/')
  const parsed = ipaddr.parse(address)
  return `${parsed.toString()}/${Number(bits ?? (parsed.kind() === 'ipv4' ? 32 : 128))}`
}
