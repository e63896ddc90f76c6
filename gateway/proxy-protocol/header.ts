// gateway/proxy-protocol/header.ts: what a PROXY protocol header can say, of either version.

/** `end` is where the header ends and the client's own bytes begin. */
export type ProxyHeader =
  /** The client of the proxy: a numeric address and a port. */
  | { readonly kind: 'client'; readonly end: number; readonly address: string; readonly port: number }
  /** The proxy speaks for itself: a health check, as a rule. */
  | { readonly kind: 'proxy'; readonly end: number }
  /** Somebody behind the proxy, who has no IP address or whose address it does not tell. */
  | { readonly kind: 'unknown'; readonly end: number }
  | Refused

export interface Refused {
  readonly kind: 'refused'
  /** One of a few fixed texts. */
  readonly cause: string
}

export function refused(cause: string): Refused {
  return { kind: 'refused', cause }
}
