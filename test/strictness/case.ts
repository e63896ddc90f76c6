// test/strictness/case.ts: what one case says: bytes sent, what must come of them, and why. The tables are made of these.

/** Who asks and what must come of it. All bytes are written as Latin-1 text. */
export interface RequestCase {
  readonly topic: string
  readonly name: string
  /** RFC and section, or the practice, that the demand rests on. */
  readonly why: string
  /** The client's bytes. */
  readonly send: string
  /** Final statuses that the client gets, in this order, and no others. */
  readonly answers: readonly number[]
  /** Requests that the node gets whole, in this order, and no others: "POST /x hello". */
  readonly seen: readonly string[]
  /** What uwsgi nodes get, where it differs; false: no case for them. */
  readonly uwsgiSeen: readonly string[] | false
  /** What becomes of the client's connection: 'kept' is shown by another request on it. */
  readonly ends: 'closed' | 'kept'
  /** The client sends FIN behind its bytes. */
  readonly finishes: boolean
  /** Method of the case's requests where it tells how to read their answers. */
  readonly asks: 'GET' | 'HEAD' | 'CONNECT'
  /** Must not be in what the node gets: text forged by the client. */
  readonly never: RegExp | null
  /** Must be in it; for http nodes. */
  readonly always: RegExp | null
}

/** How a node answers, and what the client must make of it. */
export interface AnswerCase {
  readonly topic: string
  readonly name: string
  readonly why: string
  /** The client's bytes: one request, unless `answers` says more. */
  readonly send: string
  readonly asks: 'GET' | 'HEAD'
  /** The node's bytes. */
  readonly reply: string
  /** Sent with the last byte of the reply: bytes that belong to no answer. */
  readonly excess: string
  /** Sent once the client has its answer. */
  readonly late: string
  /** What the client sends once it has its answer. */
  readonly rest: string
  /** What the node does then; a uwsgi node that would stay sends FIN. */
  readonly after: 'stay' | 'fin' | 'reset'
  /** Answer when the request's head is there, its body or not. */
  readonly isEarly: boolean
  /** A status of our own (502), 'cut', or the whole answer: "200 hello". */
  readonly gets: number | string
  /** Statuses of the interim answers before it. */
  readonly interim: readonly number[]
  /** The node's answer is not whole: a client that gets one that looks whole was deceived. */
  readonly isCut: boolean
  /** Must not, must be in the bytes that the client gets. */
  readonly never: RegExp | null
  readonly always: RegExp | null
  /** Makes sense for a uwsgi node too, which closes behind each answer. */
  readonly hasUwsgi: boolean
}

/** A request that nobody sent as such: it must not reach the node unless it is counted. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'

type RequestExtras = Partial<
  Pick<RequestCase, 'uwsgiSeen' | 'ends' | 'finishes' | 'asks' | 'never' | 'always' | 'answers'>
>

/** Bytes that are refused, and the connection with them: no request in them reaches the node. */
export function refused(
  topic: string,
  name: string,
  why: string,
  send: string,
  status = 400,
  extras: RequestExtras & { seen?: readonly string[] } = {},
): RequestCase {
  const seen = extras.seen ?? []
  return {
    ...{ topic, name, why, send, seen, uwsgiSeen: seen },
    answers: [...seen.map(() => 200), status],
    ...{ ends: 'closed', finishes: false, asks: 'GET', never: null, always: null },
    ...extras,
  }
}

/** Bytes that are requests: the node gets these, each answered, and the connection goes on. */
export function passes(
  topic: string,
  name: string,
  why: string,
  send: string,
  seen: readonly string[],
  extras: RequestExtras = {},
): RequestCase {
  return {
    ...{ topic, name, why, send, seen, uwsgiSeen: seen },
    answers: seen.map(() => 200),
    ...{ ends: 'kept', finishes: false, asks: 'GET', never: null, always: null },
    ...extras,
  }
}

/** @param gets 502, 'cut', or "200 hello" */
export function answers(
  topic: string,
  name: string,
  why: string,
  reply: string,
  gets: number | string,
  extras: Partial<AnswerCase> = {},
): AnswerCase {
  return {
    ...{ topic, name, why, reply, gets },
    send: request('GET /r'),
    ...{ asks: 'GET', excess: '', late: '', rest: '', after: 'stay', isEarly: false, interim: [] },
    ...{ isCut: gets === 'cut', never: null, always: null, hasUwsgi: false },
    ...extras,
  }
}

/** A request's bytes: the version and a Host are added where they are missing. */
export function request(line: string, ...fields: string[]): string {
  const whole = / HTTP\//.test(line) ? line : `${line} HTTP/1.1`
  const host = fields.some(field => /^host/i.test(field)) || whole.endsWith('/1.0') ? [] : ['Host: a.test']
  return `${[whole, ...host, ...fields].join('\r\n')}\r\n\r\n`
}
