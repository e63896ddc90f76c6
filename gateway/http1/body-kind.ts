// gateway/http1/body-kind.ts: how the end of a body is known.

export const NO_BODY = 0
/** Content-Length. */
export const SIZED = 1
/** RFC 9112 section 7.1. */
export const CHUNKED = 2
/** Requests: every later byte belongs to it (http-raw-body). Answers: it ends with the connection. */
export const UNTIL_CLOSE = 3

export type BodyKind = 0 | 1 | 2 | 3
