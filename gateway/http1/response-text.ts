// gateway/http1/response-text.ts: an answer's head as an HTTP/1 client gets it, from the head as the node sent it.
import { latin1 } from '../../base/latin1.ts'
import { reasonOf } from '../../base/status-text.ts'
import { CLASS, CONNECTION, DATE, FRAMING, HOP, STATUS } from './field-names.ts'
import type { ResponseHead } from './response-head.ts'

/** "HTTP/1.1 200 ": the blank stands also where no reason follows (RFC 9112 section 4); some nodes leave it out. */
const STATUS_LINE_BYTES = 13

/**
 * Whether the node's own bytes can go to the client as they are.
 *
 * @param keeps the client's connection stays open
 * @param minor the client's HTTP/1.x
 * @param addsFraming the end of the body has to be marked in another way than the node's
 */
export function isPassable(head: ResponseHead, keeps: boolean, minor: number, addsFraming: boolean): boolean {
  return (
    keeps &&
    minor === 1 &&
    hasOurStatusLine(head) &&
    !addsFraming &&
    (head.classes & (HOP | DATE | STATUS)) === DATE &&
    !head.saysClose &&
    !head.saysUpgrade &&
    !head.namesFields &&
    head.code !== 204
  )
}

// A head that begins with "Status:" has minor 0.
function hasOurStatusLine(head: ResponseHead): boolean {
  return head.minor === 1 && head.reasonStart - head.start === STATUS_LINE_BYTES
}

/** What route rules want of a head. */
export interface HeadEdits {
  /** 0: the node's. */
  readonly status: number
  /** Of another status; '': its usual one. */
  readonly reason: string
  /** Names in lower case. */
  readonly removed: ReadonlySet<string>
  /** All of the node's fields but those that frame its body. */
  readonly dropsFields: boolean
}

/**
 * The head rewritten, one byte a character, with the empty line.
 *
 * @param added whole lines of our own
 * @param dropsFraming the node's framing fields go
 * @param edits null: none
 */
export function responseText(
  head: ResponseHead,
  bytes: Buffer,
  keeps: boolean,
  minor: number,
  added: string,
  dropsFraming: boolean,
  date: string,
  edits: HeadEdits | null = null,
): string {
  const all = latin1(bytes, head.start, head.fieldsEnd)
  const drop = HOP | CONNECTION | STATUS | (dropsFraming ? FRAMING : 0)
  const isOurs = hasOurStatusLine(head) && (edits === null || edits.status === 0)
  let out = isOurs ? '' : statusLine(head, all, edits)
  let kept = isOurs ? head.start : head.fieldsStart
  if ((head.classes & drop) !== 0 || head.namesFields || edits !== null) {
    for (let i = 0; i < head.count; i++) {
      if ((CLASS[head.ids[i]!]! & drop) === 0 && (edits === null || !isDropped(head, bytes, i, edits)))
        continue
      out += all.slice(kept - head.start, head.at[i * 4]! - head.start)
      kept = i + 1 < head.count ? head.at[i * 4 + 4]! : head.fieldsEnd
    }
  }
  out += all.slice(kept - head.start)
  if (head.date < 0) out += `Date: ${date}\r\n`
  return `${out}${added}${keeps ? (minor === 0 ? 'Connection: keep-alive\r\n' : '') : 'Connection: close\r\n'}\r\n`
}

function isDropped(head: ResponseHead, bytes: Buffer, i: number, edits: HeadEdits): boolean {
  if (edits.dropsFields) return (CLASS[head.ids[i]!]! & (FRAMING | DATE)) === 0
  return edits.removed.size > 0 && edits.removed.has(head.nameOf(bytes, i))
}

function statusLine(head: ResponseHead, all: string, edits: HeadEdits | null): string {
  if (edits !== null && edits.status !== 0)
    return `HTTP/1.1 ${edits.status} ${edits.reason || reasonOf(edits.status)}\r\n`
  const reason = all.slice(head.reasonStart - head.start, head.reasonEnd - head.start)
  return `HTTP/1.1 ${head.code} ${reason}\r\n`
}

/** An interim answer (1xx) for the client: its fields without the connection's own. */
export function interimText(head: ResponseHead, bytes: Buffer, removed?: ReadonlySet<string>): string {
  let out = `HTTP/1.1 ${head.code} ${latin1(bytes, head.reasonStart, head.reasonEnd)}\r\n`
  for (let i = 0; i < head.count; i++) {
    if ((CLASS[head.ids[i]!]! & (HOP | CONNECTION | FRAMING)) !== 0) continue
    if (removed !== undefined && removed.size > 0 && removed.has(head.nameOf(bytes, i))) continue
    out += `${latin1(bytes, head.at[i * 4]!, head.at[i * 4 + 3]!)}\r\n`
  }
  return `${out}\r\n`
}

/**
 * The 101 that begins a tunnel.
 *
 * @param added whole lines of our own
 * @param removed names in lower case that rules took away
 */
export function switchingText(
  head: ResponseHead,
  bytes: Buffer,
  added: string,
  removed?: ReadonlySet<string>,
): string {
  const text = interimText(head, bytes, removed)
  return `${text.slice(0, -2)}${added}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`
}
