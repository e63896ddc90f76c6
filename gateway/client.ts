// gateway/client.ts: who the client of a connection is, and what nodes are told about it.
// Only peers in trusted-proxy are believed; from all others what they claim is dropped and said anew by us.
import net from 'node:net'

/** The CIDRs of trusted-proxy. */
export class TrustedProxies {
  readonly #list = new net.BlockList()
  readonly #trustsUnix: boolean
  readonly isEmpty: boolean

  /** @param entries addresses or CIDRs, checked when the config was read; 'unix' for clients of UNIX sockets */
  constructor(entries: readonly string[]) {
    this.#trustsUnix = entries.includes('unix')
    this.isEmpty = entries.length === 0
    for (const entry of entries) {
      if (entry === 'unix') continue
      const [address, bits] = entry.split('/') as [string, string | undefined]
      const family = net.isIPv6(address) ? 'ipv6' : 'ipv4'
      this.#list.addSubnet(
        address,
        bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits),
        family,
      )
    }
  }

  /** @param address numeric; '' for a UNIX client */
  trusts(address: string): boolean {
    if (this.isEmpty) return false
    if (address === '') return this.#trustsUnix
    const family = net.isIP(address)
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }

  /**
   * The client behind a trusted peer: the rightmost entry of X-Forwarded-For that is no trusted proxy. An entry that is
   * no address ends the search: whoever wrote it is the last one known.
   *
   * @param peer the trusted peer's address
   * @param forwardedFor every X-Forwarded-For joined by ', '; '' when there is none
   */
  clientBehind(peer: string, forwardedFor: string): string {
    let client = peer
    for (const entry of forwardedFor.split(',').reverse()) {
      const address = plainAddress(entry.trim())
      if (address === '') break
      client = address
      if (!this.trusts(address)) break
    }
    return client
  }
}

// A connection's address is asked for several times in a row.
let lastText = ''
let lastAddress = ''

/** An address without port, brackets or the IPv4-in-IPv6 prefix; '' when the text is none. */
export function plainAddress(text: string): string {
  if (text !== lastText) {
    lastAddress = addressIn(text)
    lastText = text
  }
  return lastAddress
}

function addressIn(text: string): string {
  if (net.isIPv4(text)) return text
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)
  const bare = bracketed?.[1] ?? text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  if (net.isIP(bare) === 0 || bare.includes('%')) return ''
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare
}

/** What one connection says of its client; made once a connection and picture. */
export interface Client {
  /** Peer's address, '' for a UNIX client. */
  readonly peer: string
  readonly port: number
  readonly isTls: boolean
  readonly isTrusted: boolean
  /** "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\n" for http nodes behind an untrusted peer. */
  readonly forwardedLines: string
  /** DER and subject of the client's TLS certificate; null when it sent none. */
  readonly certificate: ClientCertificate | null
}

export interface ClientCertificate {
  readonly der: Buffer
  /** "/C=IT/O=X/CN=y" */
  readonly subject: string
}

/** @param isStranger the address is only that of the proxy before it: nothing that it claims is believed */
export function describeClient(
  peer: string,
  port: number,
  isTls: boolean,
  certificate: ClientCertificate | null,
  proxies: TrustedProxies,
  isStranger = false,
): Client {
  const address = peer === '' ? '' : plainAddress(peer) || peer
  const scheme = isTls ? 'https' : 'http'
  return {
    peer: address,
    port,
    isTls,
    isTrusted: !isStranger && proxies.trusts(address),
    forwardedLines: `X-Forwarded-For: ${address || 'unknown'}\r\nX-Forwarded-Proto: ${scheme}\r\n`,
    certificate,
  }
}
