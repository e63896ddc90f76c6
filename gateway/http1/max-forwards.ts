// gateway/http1/max-forwards.ts: how many proxies an OPTIONS may still pass (RFC 9110 section 7.6.2).
import { decimal } from './characters.ts'
import { ID } from './field-names.ts'
import type { RequestHead } from './request-head.ts'

/**
 * Takes one from Max-Forwards where it stands, so that nodes of every protocol get the smaller number. The number keeps
 * its width: 10 becomes 09.
 *
 * @returns 0 when the request goes on, 200 when it may go no further, 400 when it says so twice or by no number
 */
export function spendForward(head: RequestHead, bytes: Buffer): 0 | 200 | 400 {
  let found = -1
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== ID['max-forwards']) continue
    if (found >= 0) return 400
    found = i
  }
  if (found < 0) return 0
  let p = head.at[found * 4 + 3]!
  const forwards = decimal(bytes, head.at[found * 4 + 2]!, p)
  if (forwards <= 0) return forwards === 0 ? 200 : 400
  while (bytes[--p] === 48) bytes[p] = 57
  bytes[p]!--
  return 0
}
