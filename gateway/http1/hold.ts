// gateway/http1/hold.ts: answers without framing wait here for two turns of the event loop.

import { guard } from '../boundary.ts'

interface Held {
  letGo(): void
  abandon(): void
}

let now: Held[] = []
let next: Held[] = []
let isArmed = false

/** Calls `letGo` after the second turn from now. What was sent meanwhile ignores the call. */
export function hold(held: Held): void {
  next.push(held)
  if (isArmed) return
  isArmed = true
  setImmediate(turn)
}

function turn(): void {
  const due = now
  now = next
  next = due
  for (const held of due) guard('held answer', held, letGo)
  due.length = 0
  isArmed = now.length > 0 || next.length > 0
  if (isArmed) setImmediate(turn)
}

const letGo = (held: Held): void => held.letGo()
