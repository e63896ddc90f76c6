// config/logger-kinds.ts: the kinds of values that say where log lines go: logger, req-logger, logto, daemonize.
import { z } from 'zod'
import { parseListenAddress } from '../base/address.ts'
import { type Kind, refuse } from './kinds.ts'

/** Where log lines go. A `path` stands as written, so relative to the start directory; a `host` is a name or numeric. */
export type LoggerTarget =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdio' }
  /** Syslog, RFC 3164. `priority` is facility * 8 + severity. */
  | {
      readonly kind: 'rsyslog'
      readonly transport: 'udp' | 'tcp'
      readonly host: string
      readonly port: number
      readonly ident: string
      readonly priority: number
    }
  /** A UDP datagram per line, as it is. */
  | { readonly kind: 'socket'; readonly host: string; readonly port: number }

const SYSLOG_PORT = 514
const IDENT = 'sluice'
// Facility daemon, severity notice: what uWSGI sends.
const PRIORITY = 29
const HIGHEST_PRIORITY = 191

const LOGGER_REMEDY = 'Write file:PATH, stdio, rsyslog:HOST[:PORT][,IDENT[,PRIORITY]] or socket:HOST:PORT'
const HOST_REMEDY = 'Write HOST:PORT, such as 127.0.0.1:514 or [::1]:514'
const UNIX_DATAGRAM = 'Node cannot write to UNIX datagram sockets such as /dev/log'
const UDP_SYSLOG = 'Use rsyslog:127.0.0.1 and let rsyslogd or journald listen on UDP'
const COLLECTOR = 'Use file: or rsyslog: and let a log collector pass the lines on'

/** uWSGI's other loggers: why not, and what instead. */
const OTHERS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  syslog: [UNIX_DATAGRAM, UDP_SYSLOG],
  fd: ['only descriptors that Sluice opened itself are written to', 'Use stdio or file:PATH'],
  pipe: ['no program is started for log lines', 'Use stdio and pipe the output: sluice … | COMMAND'],
  systemd: [
    'journald takes its own form over UNIX datagrams only',
    'Use stdio: systemd gives it to journald',
  ],
  crypto: ['lines cannot be encrypted on their way', COLLECTOR],
  graylog2: ['GELF is not spoken', COLLECTOR],
  redislog: ['log lines are not written to Redis', COLLECTOR],
  zeromq: ['ZeroMQ is not spoken', COLLECTOR],
  zmq: ['ZeroMQ is not spoken', COLLECTOR],
  mongodblog: ['MongoDB is not spoken', COLLECTOR],
  python: ['no Python runs in Sluice', COLLECTOR],
}

/** One logger, `NAME:ARG`. */
export const logger: Kind<LoggerTarget> = {
  schema: z.string().transform((text, ctx): LoggerTarget => {
    const [, id, rest = ''] = /^([A-Za-z0-9]+)[ \t]+(.+)$/s.exec(text) ?? []
    if (id !== undefined) {
      const problem = `a logger with an ID, here "${id}", gets only lines that log-route chooses, which Sluice lacks`
      return refuse(ctx, text, problem, `Write ${rest} alone: it gets every line`)
    }
    const colon = text.indexOf(':')
    const name = colon < 0 ? text : text.slice(0, colon)
    const argument = colon < 0 ? '' : text.slice(colon + 1)
    switch (name) {
      case 'file':
        return argument === '' ? refuse(ctx, text, 'the path is missing') : { kind: 'file', path: argument }
      case 'stdio':
        return argument === '' ? { kind: 'stdio' } : refuse(ctx, text, 'stdio takes no argument')
      case 'rsyslog':
        return rsyslog(argument, text, ctx)
      case 'socket':
        return socket(argument, text, ctx)
      default:
        return refuseName(name, text, ctx)
    }
  }),
  metavar: 'NAME:ARG',
  remedy: LOGGER_REMEDY,
}

/** A file, or HOST:PORT for a UDP datagram per line. What has a slash in it is a file. */
export const logFile: Kind<LoggerTarget> = {
  schema: z
    .string()
    .min(1, 'it has no value')
    .transform((text, ctx): LoggerTarget => {
      if (text === 'true' || text === 'false') return refuse(ctx, text, 'it names no file')
      if (text.includes('/') || !text.includes(':')) return { kind: 'file', path: text }
      const remedy = `What has a colon is HOST:PORT for UDP; for a file, write ./${text}`
      return { kind: 'socket', ...udpAddress(text, text, ctx, remedy) }
    }),
  metavar: 'FILE',
  remedy: 'Write the name of a file, such as /var/log/sluice/sluice.log, or HOST:PORT for UDP',
}

// HOST[:PORT][,IDENT[,PRIORITY]], "tcp://" before it for TCP.
function rsyslog(argument: string, text: string, ctx: z.RefinementCtx): LoggerTarget {
  const [written = '', ident = '', priority = '', ...more] = argument.split(',').map(field => field.trim())
  const [, scheme = 'udp', address = ''] = /^(?:([a-z]+):\/\/)?(.*)$/is.exec(written)!
  const transport = scheme.toLowerCase()
  if (transport !== 'tcp' && transport !== 'udp') {
    const remedy = 'Write rsyslog:HOST for UDP, or rsyslog:tcp://HOST'
    return refuse(ctx, text, `syslog does not travel by ${scheme}://`, remedy)
  }
  if (address === '') return refuse(ctx, text, 'the host is missing')
  if (more.length > 0) return refuse(ctx, text, `it has ${more.length + 3} fields`)
  if (isPath(address)) return refuse(ctx, text, UNIX_DATAGRAM, UDP_SYSLOG)
  if (/[\s\x00-\x1f\x7f:]/.test(ident)) {
    return refuse(
      ctx,
      text,
      `"${ident}" is no name of a program`,
      'IDENT is a word without blanks and colons',
    )
  }
  const level = priority === '' ? PRIORITY : Number(priority)
  if (!/^\d{0,3}$/.test(priority) || level > HIGHEST_PRIORITY) {
    const remedy = `PRIORITY is facility * 8 + severity, from 0 to ${HIGHEST_PRIORITY}: 134 for local0.info`
    return refuse(ctx, text, `"${priority}" is no priority`, remedy)
  }
  const place = udpAddress(hasPort(address) ? address : `${address}:${SYSLOG_PORT}`, text, ctx)
  return { kind: 'rsyslog', transport, ...place, ident: ident === '' ? IDENT : ident, priority: level }
}

function socket(address: string, text: string, ctx: z.RefinementCtx): LoggerTarget {
  if (address === '') return refuse(ctx, text, 'the address is missing')
  if (isPath(address) || address.endsWith('.sock')) {
    return refuse(ctx, text, UNIX_DATAGRAM, 'Use socket:HOST:PORT and let the receiver listen on UDP')
  }
  if (!hasPort(address)) return refuse(ctx, text, 'the port is missing', HOST_REMEDY)
  return { kind: 'socket', ...udpAddress(address, text, ctx) }
}

function isPath(address: string): boolean {
  return address.includes('/') || address.startsWith('@')
}

// A colon outside the brackets of an IPv6 address.
function hasPort(address: string): boolean {
  return address.replace(/^\[.*\]/, '').includes(':')
}

// On failure the issue is recorded, and what comes back is not used.
function udpAddress(
  address: string,
  text: string,
  ctx: z.RefinementCtx,
  remedy = HOST_REMEDY,
): { host: string; port: number } {
  const read = parseListenAddress(address.trim())
  if ('problem' in read) return refuse(ctx, text, read.problem, remedy)
  if (read.kind !== 'tcp') return refuse(ctx, text, `"${address}" is no HOST:PORT`, remedy)
  if (read.port === 0) return refuse(ctx, text, 'the port is missing', remedy)
  return { host: address.startsWith(':') ? '127.0.0.1' : read.host, port: read.port }
}

function refuseName(name: string, text: string, ctx: z.RefinementCtx): never {
  if (text === '') return refuse(ctx, text, 'it has no value')
  const other = Object.hasOwn(OTHERS, name) ? OTHERS[name] : undefined
  if (other !== undefined) return refuse(ctx, text, other[0], other[1])
  const remedy = /[./]/.test(name) ? `For a file, write file:${text}` : undefined
  return refuse(ctx, text, `"${name}" is no logger`, remedy)
}
