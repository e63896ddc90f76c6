// gateway/asks/auth-client.ts: fulfils 'auth': asks other services by GET, over few connections that are kept. Whatever does not
// go as it should is a failure, and no failure is a yes.
import type { Pool } from 'undici'
import type { AuthAnswer, AuthAsked } from '../../routing/rules/asked.ts'

const MOST_CONNECTIONS = 32
/** Requests to one service at once, those that wait for a connection too. */
const MOST_IN_HAND = 512
const CONNECT_MS = 2_000
/** Bodies are dropped; one that is longer costs its connection. */
const MOST_BODY = 65_536
/** Rules name few services. */
const MOST_SERVICES = 64
const TROUBLE = 'a service that decides about requests fails: they are refused'

export interface AuthClientOptions {
  /** @param kind what counts as the same trouble */
  readonly report: (kind: string, text: string, fields: Record<string, string | number>) => void
}

interface Service {
  readonly pool: Pool
  inHand: number
}

export class AuthClient {
  readonly #options: AuthClientOptions
  readonly #services = new Map<string, Promise<Service>>()
  #isClosed = false

  constructor(options: AuthClientOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async ask(asked: AuthAsked): Promise<AuthAnswer> {
    const answer = await this.#ask(asked).catch((error: unknown): AuthAnswer => failed(problemOf(error)))
    if (answer.kind === 'failed') this.#report(asked, answer.why)
    else if (answer.status >= 500) this.#report(asked, `answered ${answer.status}`)
    return answer
  }

  /** A service that rules name: what is needed to ask it is loaded ahead. */
  prepare(origin: string): void {
    this.#serviceOf(origin).catch(() => {})
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const services = await Promise.allSettled(this.#services.values())
    await Promise.all(services.map(one => (one.status === 'fulfilled' ? one.value.pool.destroy() : null)))
    this.#services.clear()
  }

  async #ask({ origin, path, fields, timeoutMs }: AuthAsked): Promise<AuthAnswer> {
    const service = await this.#serviceOf(origin) // loading the client is not the service's time
    const signal = AbortSignal.timeout(timeoutMs)
    if (this.#isClosed) return failed('this gateway ends')
    if (service.inHand >= MOST_IN_HAND) return failed(`${MOST_IN_HAND} requests wait for it`)
    service.inHand++
    try {
      const { statusCode, headers, body } = await service.pool.request({
        path,
        method: 'GET',
        headers: [...fields],
        signal,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      })
      // Nobody waits for it: it makes room for the next, or takes its connection with it.
      body.on('error', () => {})
      body.dump({ limit: MOST_BODY, signal }).catch(() => {})
      return { kind: 'answered', status: statusCode, fields: fieldsOf(headers) }
    } finally {
      service.inHand--
    }
  }

  #serviceOf(origin: string): Promise<Service> {
    let service = this.#services.get(origin)
    if (service === undefined) {
      // One that could not be made ready has nothing to close.
      if (this.#services.size >= MOST_SERVICES) this.#closeOldest().catch(() => {})
      service = makeService(origin)
      this.#services.set(origin, service)
    }
    return service
  }

  async #closeOldest(): Promise<void> {
    const [[origin, service]] = this.#services as unknown as [[string, Promise<Service>]]
    this.#services.delete(origin)
    await (await service).pool.close()
  }

  #report({ origin, timeoutMs }: AuthAsked, why: string): void {
    this.#options.report(`auth ${origin} ${why}`, TROUBLE, { service: origin, cause: why, timeoutMs })
  }
}

// 40 ms and some megabytes, for gateways that have such a rule.
async function makeService(origin: string): Promise<Service> {
  const { Pool } = await import('undici')
  const pool = new Pool(origin, {
    connections: MOST_CONNECTIONS,
    pipelining: 1,
    connect: { timeout: CONNECT_MS },
    keepAliveTimeout: 10_000,
    keepAliveMaxTimeout: 60_000,
  })
  return { pool, inHand: 0 }
}

function fieldsOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Map<string, readonly string[]> {
  const fields = new Map<string, readonly string[]>()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) fields.set(name.toLowerCase(), typeof value === 'string' ? [value] : value)
  }
  return fields
}

function failed(why: string): AuthAnswer {
  return { kind: 'failed', why }
}

function problemOf(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: string; message?: string }
  if (name === 'TimeoutError') return 'no answer in time'
  return code ?? message ?? String(error)
}
