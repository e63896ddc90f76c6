// base/picture.ts: what a gateway knows of the world, as plain data that the master sends by message.
// A picture is immutable and swapped whole; an exchange ends with the picture it began with. Nothing that
// comes from the config is captured elsewhere in a gateway, so that a reload needs no new process.

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
  /** Canonical text, unique within its backend: "http://127.0.0.1:3000", "uwsgi:///run/app.sock". */
  readonly name: string
  readonly proto: 'http' | 'uwsgi'
  readonly endpoint: NodeEndpoint
  readonly weight: number
  readonly modifier1: number
  readonly modifier2: number
}

export type AccessLogFormat = 'uwsgi' | 'combined' | 'json'

export interface Picture {
  readonly version: number
  readonly listeners: readonly ListenerPicture[]
  /** Static nodes (http-to), and those tried once none of these can be reached (http-fallback). Both empty: the welcome page. */
  readonly nodes: readonly NodePicture[]
  readonly fallbackNodes: readonly NodePicture[]
  /** Rest of a node after a failed connect (http-gracetime). */
  readonly graceMs: number
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

  /** null: off. `file` is absolute, '-' is standard output. */
  readonly accessLog: { readonly file: string; readonly format: AccessLogFormat } | null
}
