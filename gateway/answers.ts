// gateway/answers.ts: the answers Sluice gives itself: small, plain, saying what happened, with the request's id.
import { isBodiless, reasonOf } from '../base/status-text.ts'

/** What a client is told beside the status, when the place of refusal has nothing better to say. */
const WORDS: Readonly<Record<number, string>> = {
  400: 'The request is malformed or ambiguous.',
  404: 'No backend serves this host.',
  405: 'This method is not served here.',
  408: 'The request did not arrive in time.',
  411: 'This node takes no chunked bodies: send a Content-Length.',
  413: 'The request body is larger than allowed.',
  414: 'The request target is longer than allowed.',
  417: 'Only "Expect: 100-continue" is understood.',
  431: 'The request head is larger than allowed.',
  500: 'The gateway met a defect of its own.',
  501: 'This transfer coding is not understood.',
  502: 'The node gave no valid answer.',
  503: 'No node can be reached.',
  504: 'The node did not answer in time.',
  505: 'Only HTTP/1.0 and HTTP/1.1 are spoken here.',
}

export interface OwnAnswer {
  readonly status: number
  /** Not given, or '': the phrase that goes with the status. */
  readonly reason?: string
  /** '': none is told. */
  readonly type: string
  /** One character a byte. */
  readonly body: string
  /** Whole lines, each with its CRLF. */
  readonly fields: string
}

const ALLOW = 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n'

/** To an OPTIONS that may go no further (Max-Forwards: 0). */
export const OPTIONS_ANSWER: OwnAnswer = {
  status: 200,
  type: 'text/plain; charset=utf-8',
  body: '',
  fields: ALLOW,
}

/** @param more fields: whole lines, each with its CRLF */
export function errorAnswer(status: number, id: string, more = ''): OwnAnswer {
  const words = WORDS[status] ?? ''
  const fields = `X-Request-Id: ${id}\r\n${status === 405 ? ALLOW : ''}${more}`
  return {
    status,
    type: 'text/plain; charset=utf-8',
    body: `${status} ${reasonOf(status)}\n${words}\nRequest id: ${id}\n`,
    fields,
  }
}

export function redirect(location: string): OwnAnswer {
  return { status: 301, type: 'text/plain; charset=utf-8', body: '', fields: `Location: ${location}\r\n` }
}

/**
 * The bytes of an answer, one a character.
 *
 * @param closes say that the connection ends with it
 * @param keepsOld an HTTP/1.0 client is told that the connection stays
 */
export function answerText(
  answer: OwnAnswer,
  date: string,
  isHead: boolean,
  closes: boolean,
  keepsOld: boolean,
): string {
  const { status, type, fields } = answer
  const reason = answer.reason || reasonOf(status)
  const body = isBodiless(status) ? '' : answer.body
  return (
    `HTTP/1.1 ${status} ${reason}\r\n${fields}Date: ${date}\r\n` +
    (type === '' ? '' : `Content-Type: ${type}\r\n`) +
    (status === 204 || status === 304 ? '' : `Content-Length: ${body.length}\r\n`) +
    `${closes ? 'Connection: close\r\n' : keepsOld ? 'Connection: keep-alive\r\n' : ''}\r\n` +
    (isHead ? '' : body)
  )
}
