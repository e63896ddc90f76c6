// gateway/hash-key.ts: the text that the policy 'hash' goes by, read from a request. How is worked out once for each rule.
import type { HashOn } from '../base/picture.ts'
import { cookieOf } from './cookies.ts'
import type { Exchange } from './exchange.ts'
import type { RequestHead } from './http1/request-head.ts'
import { type VariableReader, variableReader } from './variables.ts'

const readers = new WeakMap<HashOn, VariableReader>()

/**
 * A request without that cookie, header or variable goes by its client's address: else all of them would meet at one node.
 *
 * @param head of `bytes`
 */
export function hashKey(on: HashOn, exchange: Exchange, head: RequestHead, bytes: Buffer): string {
  let read = readers.get(on)
  if (read === undefined) {
    read = readerOf(on)
    readers.set(on, read)
  }
  return read(exchange, head, bytes) || exchange.client
}

function readerOf(on: HashOn): VariableReader {
  switch (on.kind) {
    case 'address':
      return exchange => exchange.client
    case 'path':
      return variableReader('PATH_INFO')
    case 'cookie':
      return (_, head, bytes) => cookieOf(head, bytes, on.name)
    case 'header':
      return variableReader(`HTTP_${on.name.toUpperCase().replaceAll('-', '_')}`)
    case 'variable':
      return variableReader(on.name)
  }
}
