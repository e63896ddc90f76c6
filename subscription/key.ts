// subscription/key.ts: the key of a backend, in the one spelling that the table has.

/**
 * Host names in lower case; a mountpoint behind the first '/' stays as it is, as paths do, but for slashes at its end.
 *
 * @param key as sent: "Shop.Example/Cart/" is "shop.example/Cart"
 */
export function canonicalKey(key: string): string {
  const slash = key.indexOf('/')
  if (slash < 0) return key.toLowerCase()
  return key.slice(0, slash).toLowerCase() + key.slice(slash).replace(/\/+$/, '')
}
