// subscription/key.ts: the key of a backend, in the one spelling that the table has.

/**
 * Host names in lower case; a mountpoint behind the first '/' stays as it is, as paths do.
 *
 * @param key as sent: "Shop.Example/Cart" is "shop.example/Cart"
 */
export function canonicalKey(key: string): string {
  const slash = key.indexOf('/')
  return slash < 0 ? key.toLowerCase() : key.slice(0, slash).toLowerCase() + key.slice(slash)
}
