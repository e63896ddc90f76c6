// test/fuzz/head-events.ts: all that a parsed head says, as one number, so that two readings compare at once.
import type { Head } from '../../gateway/http1/field-section.ts'

/** Tells heads of one shape from those of another. Above 0. */
export function shapeOf(head: Head, more: number): number {
  const flags =
    (head.isChunked ? 1 : 0) +
    (head.saysClose ? 2 : 0) +
    (head.saysUpgrade ? 4 : 0) +
    (head.namesFields ? 8 : 0)
  return 1 + flags + 16 * head.classes + 4_096 * Math.min(head.count, 15) + 65_536 * more
}

/** FNV over the offsets, ids and hashes of all fields, and what the head notes of them. Above 0. */
export function digestOf(head: Head, behind: number): number {
  let digest = 0x811c9dc5
  const add = (value: number): void => {
    digest = Math.imul(digest ^ value, 16_777_619)
  }
  const { at, ids, hashes, count } = head
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 4; k++) add(at[i * 4 + k]!)
    add(ids[i]!)
    add(hashes[i]!)
  }
  for (const value of [behind, count, head.classes, head.start, head.fieldsStart, head.fieldsEnd, head.end])
    add(value)
  for (const value of [head.minor, head.host, head.expect, head.date, head.upgrade, head.status]) add(value)
  add(head.contentLength % 0x7fffffff)
  for (const flag of [head.isChunked, head.saysClose, head.saysKeepAlive, head.saysUpgrade]) add(flag ? 1 : 0)
  for (const flag of [head.namesFields, head.hasUnderscore]) add(flag ? 1 : 0)
  return (digest >>> 0) + 1
}
