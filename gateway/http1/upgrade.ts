// gateway/http1/upgrade.ts: which upgrades may become tunnels: WebSocket and nothing else.
import { isWord } from './characters.ts'
import type { Head } from './field-section.ts'
import { GET, type RequestHead } from './request-head.ts'

const WEBSOCKET = Uint8Array.from(Buffer.from('websocket'))

/** Whether a request asks for WebSocket (RFC 6455 section 4.2.1). Any other upgrade (h2c) is dropped, as RFC 9110 allows. */
export function asksForWebSocket(head: RequestHead, bytes: Buffer): boolean {
  return (
    head.method === GET &&
    head.minor === 1 &&
    head.contentLength <= 0 &&
    !head.isChunked &&
    namesWebSocket(head, bytes)
  )
}

/** Whether a 101 answer switches to WebSocket. */
export function namesWebSocket(head: Head, bytes: Buffer): boolean {
  if (!head.saysUpgrade || head.upgrade < 0) return false
  const at = head.upgrade * 4
  return isWord(bytes, head.at[at + 2]!, head.at[at + 3]!, WEBSOCKET)
}
