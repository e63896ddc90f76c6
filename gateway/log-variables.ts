// gateway/log-variables.ts: what a line of the access log shows as %(var.NAME): the CGI variables that a uwsgi node would
// get. Names are read once, when the log opens; an exchange is only asked for those that were named.
import { latin1 } from '../base/latin1.ts'
import type { Exchange } from './exchange.ts'
import { hashOn, ID } from './http1/field-names.ts'
import type { RequestHead } from './http1/request-head.ts'
import { pathInfo } from './uwsgi/path-info.ts'

/** @param head of `bytes`. @returns '' when absent */
export type VariableReader = (exchange: Exchange, head: RequestHead, bytes: Buffer) => string

/** How to read the variable of this CGI name. Those of http-var come first, as they do for nodes. */
export function variableReader(name: string): VariableReader {
  const read = Object.hasOwn(READERS, name) ? READERS[name as keyof typeof READERS] : fieldReader(name)
  const start = `${name}=`
  return (exchange, head, bytes) => {
    const { vars } = exchange.running.picture
    for (let i = vars.length - 1; i >= 0; i--) {
      if (vars[i]!.startsWith(start)) return Buffer.from(vars[i]!.slice(start.length)).toString('latin1')
    }
    return read(exchange, head, bytes)
  }
}

const READERS = {
  REQUEST_METHOD: (_, head, bytes) => latin1(bytes, head.start, head.methodEnd),
  REQUEST_URI: (_, head, bytes) => latin1(bytes, head.targetStart, head.targetEnd),
  PATH_INFO: (_, head, bytes) => pathInfo(head, bytes).toString('latin1'),
  QUERY_STRING: (_, head, bytes) => latin1(bytes, Math.min(head.pathEnd + 1, head.targetEnd), head.targetEnd),
  SERVER_PROTOCOL: (_, head) => (head.minor === 1 ? 'HTTP/1.1' : 'HTTP/1.0'),
  SCRIPT_NAME: () => '',
  SERVER_NAME: ({ running }, head, bytes) =>
    running.picture.serverNameAsHost ? head.joined(bytes, ID.host) : running.picture.hostName,
  SERVER_PORT: ({ connection }) => connection.listener.portText,
  UWSGI_ROUTER: () => 'http',
  HTTPS: ({ connection }) => (connection.client.isTls ? 'on' : ''),
  HTTPS_DN: ({ connection }) => connection.client.certificate?.subject ?? '',
  REMOTE_ADDR: ({ client }) => client || '0.0.0.0',
  REMOTE_PORT: ({ client, connection }) =>
    client === connection.client.peer ? String(connection.client.port) : '0',
  CONTENT_LENGTH: (_, head, bytes) => head.joined(bytes, ID['content-length']),
  CONTENT_TYPE: (_, head, bytes) => head.joined(bytes, ID['content-type']),
} satisfies Readonly<Record<string, VariableReader>>

function fieldReader(name: string): VariableReader {
  if (!name.startsWith('HTTP_')) return () => ''
  const field = name.slice(5).toLowerCase().replaceAll('_', '-')
  const joint = field === 'cookie' ? '; ' : ', '
  let hash = 0
  for (const byte of Buffer.from(field)) hash = hashOn(hash, byte)
  return (_, head, bytes) => {
    let all = ''
    for (let i = 0; i < head.count; i++) {
      if (head.hashes[i] !== hash || head.nameOf(bytes, i).replaceAll('_', '-') !== field) continue
      all += (all === '' ? '' : joint) + head.valueOf(bytes, i)
    }
    return all
  }
}
