// routing/rules/regex/linear.ts: V8's engine without backtracking.
import { setFlagsFromString } from 'node:v8'

let isEnabled = false

/**
 * A pattern on the engine whose time is at most proportional to the subject's length; null when it cannot run it.
 * That is V8's own proof: no construct that needs backtracking gets this flag.
 */
export function linearPattern(source: string): RegExp | null {
  if (!isEnabled) {
    // Only makes the flag `l` known, to whatever is compiled from now on; other patterns run as before.
    setFlagsFromString('--enable-experimental-regexp-engine')
    isEnabled = true
  }
  try {
    return new RegExp(source, 'l')
  } catch {
    return null
  }
}
