// subscription/key.ts: the key of a backend, in the one spelling that the table has.
import { lowerHost } from '../base/table-key.ts'

/**
 * Host names in lower case; a mountpoint behind the first '/' stays as it is, as paths do, but for slashes at its end.
 *
 * @param key as sent: "Shop.Example/Cart/" is "shop.example/Cart"
 */
export function canonicalKey(key: string): string {
  const lower = lowerHost(key)
  return lower.includes('/') ? lower.replace(/\/+$/, '') : lower
}
