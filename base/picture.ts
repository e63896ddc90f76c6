// base/picture.ts: what a gateway knows of the world, as plain data that the master sends by message.
// A picture is immutable and swapped whole; an exchange ends with the picture it began with. Nothing that
// comes from the config is captured elsewhere in a gateway, so that a reload needs no new process.
import type { Policy } from './policy.ts'

/** One accepting socket. `slot` is the index of its descriptor in the gateway's stdio. */
export interface ListenerPicture {
  readonly slot: number
  /** Address as configured and as people read it: "0.0.0.0:8080", "[::1]:80", "/run/x.sock", "@name". */
  readonly name: string
  /** What uwsgi nodes see as SERVER_PORT; '' for UNIX sockets. */
  readonly portText: string
  readonly isUnix: boolean
  /** null: clear text. PEM texts, never logged. */
  readonly tls: TlsPicture | null
  /** Not null: every request is answered 301 to https; the port to name, '' for none (http-to-https). */
  readonly toHttps: { readonly port: string } | null
}

export interface TlsPicture {
  readonly cert: string
  readonly key: string
  /** OpenSSL cipher list; '' for the default. */
  readonly ciphers: string
  /** PEM of the CA for client certificates; '' for none. */
  readonly clientCa: string
  readonly clientCertRequired: boolean
}

/** How to reach one node. A host name has every address it resolved to; tried in turn on failed connects. */
export type NodeEndpoint =
  | { readonly kind: 'tcp'; readonly addresses: readonly string[]; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export interface NodePicture {
  /**
   * Canonical text, unique in the picture: "http://127.0.0.1:3000", "uwsgi:///run/app.sock"; of a backend with its key
   * in front: "shop.example http://127.0.0.1:3000".
   */
  readonly name: string
  readonly proto: 'http' | 'uwsgi'
  readonly endpoint: NodeEndpoint
  readonly weight: number
  readonly modifier1: number
  readonly modifier2: number
  /** 0, the default: ordinary; nodes of a higher level serve only while every lower level has none. */
  readonly backup?: number
  /** Most exchanges in hand of this gateway, its share; 0, the default: no limit. */
  readonly limit?: number
}

/** What a gateway learns of one key that nodes announced: those that came or changed, and the names of those that left. */
export interface KeyPicture {
  /** See base/table-key.ts. */
  readonly key: string
  /** How the packet that made the key asked for it to be balanced; '': it did not. */
  readonly algo: string
  /** New to the key, at the end of its list in this order; or known by name: then they keep their place. */
  readonly nodes: readonly NodePicture[]
  /** They leave before `nodes` come. */
  readonly gone: readonly string[]
}

/** What the policy 'hash' goes by. */
export type HashOn =
  | { readonly kind: 'address' | 'path' }
  /** Name of a cookie; of a header, in lower case; of a variable as uwsgi nodes get it ("HTTP_X_USER"). */
  | { readonly kind: 'cookie' | 'header' | 'variable'; readonly name: string }

/** How requests of some keys are spread (balance). */
export interface BalancePicture {
  /** The key that it is for; '*': all keys that have no line of their own, and the nodes of http-to. */
  readonly key: string
  /** null: as the packet asks, else {@link Picture.policy}. */
  readonly policy: Policy | null
  readonly on: HashOn
  /** Name of the cookie that keeps a client at its node; '': none. */
  readonly sticky: string
  readonly slowStartMs: number
  /** Most exchanges in hand of a node that has no limit of its own, this gateway's share; 0: no limit. */
  readonly limit: number
  /** Requests that may wait for a node with room, this gateway's share, and how long. */
  readonly queueLength: number
  readonly queueMs: number
  /** From 0 to 1: no node that answers is ejected while this share of the backend rests. */
  readonly mostEjectedShare: number
}

/** The nodes that serve one host. */
export interface BackendPicture {
  /** In lower case, with a port or without: "shop.example", "shop.example:8443", "[::1]". Unique in the picture. */
  readonly key: string
  readonly nodes: readonly NodePicture[]
}

export type AccessLogFormat = 'uwsgi' | 'combined' | 'json'

/** Which requests are logged, and how. */
export interface AccessLogPicture {
  /** Absolute; '-' is standard output, a pipe to the master, which passes whole lines on to where they belong. */
  readonly file: string
  readonly format: AccessLogFormat
  /** Not null: overrides format; text with %(name) in it (log-format). */
  readonly template: string | null
  /** How %(ftime) is written, as for strftime; null: as %(ltime) (log-format-strftime, log-date). */
  readonly strftime: string | null
  /** Durations of the format 'uwsgi' in microseconds (log-micros). */
  readonly micros: boolean
  /** X-Forwarded-For stands for the client (log-x-forwarded-for). */
  readonly forwardedFor: boolean
  /** null: every request; else those that one of these holds for. */
  readonly only: AccessLogFilter | null
  /** Mode of a file that is made. */
  readonly mode: number
}

/** log-4xx and the like. */
export interface AccessLogFilter {
  readonly clientErrors: boolean
  readonly serverErrors: boolean
  /** Milliseconds; null: not asked for. */
  readonly slowMs: number | null
  /** Of the answer's body; null: not asked for. */
  readonly bigBytes: number | null
  readonly empty: boolean
  readonly ioErrors: boolean
}

export interface Picture {
  readonly version: number
  readonly listeners: readonly ListenerPicture[]
  /** By host (backend). */
  readonly backends: readonly BackendPicture[]
  /**
   * For every other host (http-to), and those tried once none of these can be reached (http-fallback). All three empty:
   * the welcome page.
   */
  readonly nodes: readonly NodePicture[]
  readonly fallbackNodes: readonly NodePicture[]
  /** Rest of a node after a failed connect (http-gracetime), and the longest that it grows to. */
  readonly graceMs: number
  readonly mostGraceMs: number
  /** Nodes announce themselves: a host that nobody serves may be served in a moment, so it gets 503 in place of 404. */
  readonly awaitsNodes: boolean
  /** Serves requests whose own key is missing or has no node in service; '': none (http-subscription-fallback-key). */
  readonly fallbackKey: string
  /** Of keys for which neither `balances` nor a packet names one (subscription-algo). */
  readonly policy: Policy
  readonly balances: readonly BalancePicture[]
  /** Hex, of 32 bytes: what cookies of `sticky` are made with; the same in all gateways and over restarts. Never logged. */
  readonly stickySecret: string
  /** Machine's host name: SERVER_NAME for uwsgi nodes. */
  readonly hostName: string
  readonly backlog: number

  readonly timeoutMs: number
  readonly headersTimeoutMs: number
  readonly connectTimeoutMs: number
  /** Idle limit of a kept client connection; 0: no keep-alive (http-keepalive). */
  readonly keepaliveMs: number

  readonly maxHeadBytes: number
  readonly maxHeadFields: number
  readonly maxTargetBytes: number
  /** Largest request body, 0 for none (limit-post). */
  readonly maxBodyBytes: number
  /** Idle kept connections per node and gateway. */
  readonly maxIdlePerNode: number

  /** Each "KEY=VALUE" (http-var). */
  readonly vars: readonly string[]
  /** Not 0: overrides the node's own (http-modifier1, http-modifier2). */
  readonly modifier1: number
  readonly modifier2: number
  /** -1: off, pass Expect on; 0: answer 100 ourselves; N > 1: and refuse larger bodies with 413 (http-manage-expect). */
  readonly manageExpect: number
  readonly websockets: boolean
  readonly rawBody: boolean
  readonly chunkedInput: boolean
  readonly serverNameAsHost: boolean
  readonly soKeepalive: boolean
  readonly abortOnClose: boolean
  /** CIDRs whose X-Forwarded-* and Forwarded are believed; 'unix' stands for UNIX clients (trusted-proxy). */
  readonly trustedProxies: readonly string[]

  /** Expect the PROXY protocol in front of every connection (enable-proxy-protocol). */
  readonly proxyProtocol: boolean
  /** Most client connections of this gateway; 0: 80 % of its descriptors, connections to nodes counted (max-connections). */
  readonly maxConnections: number
  /** Most of one client address in this gateway; 0: no limit (max-connections-per-ip). */
  readonly maxConnectionsPerIp: number
  /** Fewest bytes a second, after ten seconds, that a client sends of a request or takes of an answer; 0: none (min-rate). */
  readonly minRate: number
  /** How long a client may be slower; ten seconds but in tests. */
  readonly minRateAfterMs: number
  /** End at once when the master is gone (no-orphans). */
  readonly noOrphans: boolean
  /** Title of the gateway processes in ps. */
  readonly processTitle: string

  /** null: off. */
  readonly accessLog: AccessLogPicture | null

  /** How many gateways share what rules limit. */
  readonly gateways: number
  /** Id of the route rules in force, told before by a message of their own; 0: none. */
  readonly rules: number
  /** How rules of requests see a path: "//" as "/" (merge-slashes), and what becomes of "%2F" and "%5C" (escaped-slash). */
  readonly mergeSlashes: boolean
  readonly escapedSlash: 'decode' | 'keep' | 'reject'
}
