// gateway/http1/request-text.ts: a request head as an http node gets it, from the head as the client sent it.
// Runs of untouched lines are copied; no field is spelled anew. Mostly there is nothing to remove at all.
import type { Client } from '../client.ts'
import { CLASS, CONNECTION, EXPECT, HOP, ID, IDENTITY } from './field-names.ts'
import type { RequestHead } from './request-head.ts'

/**
 * The bytes to send, one a character, with the empty line.
 *
 * @param raw the head as it came, from its request line to its empty line, one character a byte
 * @param isUpgrade the client asked for WebSocket and may have it
 * @param passesExpect whether the node shall answer "100 Continue" itself
 * @param hostName stands for Host where HTTP/1.0 had none
 * @param apart whole lines of ours, besides
 */
export function requestText(
  head: RequestHead,
  bytes: Buffer,
  raw: string,
  client: Client,
  isUpgrade: boolean,
  passesExpect: boolean,
  hostName: string,
  apart = '',
): string {
  let drop = HOP
  if (head.saysClose || head.saysUpgrade || head.namesFields) drop |= CONNECTION // a mere keep-alive may pass
  if (!client.isTrusted) drop |= IDENTITY
  if (!passesExpect) drop |= EXPECT
  const isPlain = (head.classes & drop) === 0 && head.minor === 1 && !head.isAbsolute
  if (isPlain && !client.isTrusted)
    return `${raw.slice(0, head.fieldsEnd - head.start) + client.forwardedLines + apart}\r\n`

  let out = `${startLine(head, raw)} HTTP/1.1\r\n`
  let kept = head.fieldsStart
  for (let i = 0; i < head.count; i++) {
    const id = head.ids[i]!
    // A trusted peer's X-Forwarded-For is rewritten below, with the peer at its end.
    if ((CLASS[id]! & drop) === 0 && id !== ID['x-forwarded-for']) continue
    out += raw.slice(kept - head.start, head.at[i * 4]! - head.start)
    kept = i + 1 < head.count ? head.at[i * 4 + 4]! : head.fieldsEnd
  }
  out += raw.slice(kept - head.start, head.fieldsEnd - head.start)
  if (head.host < 0) out += `Host: ${head.hostOf(bytes) || hostName}\r\n`
  out += client.isTrusted ? forwardedByTrusted(head, bytes, client) : client.forwardedLines
  out += apart
  return `${out}${isUpgrade ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : ''}\r\n`
}

// Method and target; an absolute form becomes the origin form its Host field agrees with.
function startLine(head: RequestHead, raw: string): string {
  if (!head.isAbsolute) return raw.slice(0, head.targetEnd - head.start)
  const method = raw.slice(0, head.methodEnd - head.start)
  const isEmpty = head.pathStart === head.pathEnd
  if (isEmpty && head.targetEnd === head.pathEnd && method === 'OPTIONS') return `${method} *` // RFC 9112 section 3.2.4
  const slash = isEmpty ? '/' : ''
  return `${method} ${slash}${raw.slice(head.pathStart - head.start, head.targetEnd - head.start)}`
}

function forwardedByTrusted(head: RequestHead, bytes: Buffer, client: Client): string {
  const before = head.joined(bytes, ID['x-forwarded-for'])
  const peer = client.peer || 'unknown'
  const proto = head.joined(bytes, ID['x-forwarded-proto'])
  return (
    `X-Forwarded-For: ${before === '' ? peer : `${before}, ${peer}`}\r\n` +
    (proto === '' ? `X-Forwarded-Proto: ${client.isTls ? 'https' : 'http'}\r\n` : '')
  )
}
