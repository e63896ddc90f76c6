// subscription/signature/key-file.ts: which file holds the public key that announcements of a key are checked by.

/**
 * Names below the directory of subscriptions-sign-check; the first that exists counts. uWSGI's rule: the key as sent with
 * every byte but `0-9A-Za-z.-_` replaced by `_`, then `.pem`: "test.it:8000" has "test.it_8000.pem". A key with a mountpoint
 * has the file of its host, as in uWSGI 2.1: else who signs for shop.test:8080 would sign for shop.test/8080, too. A key that
 * was sent in capitals may have the file of its lower case.
 *
 * @param key as sent. No name leads out of the directory: there is no '/' in any
 */
export function keyFileNames(key: string): string[] {
  const slash = key.indexOf('/')
  const host = slash > 0 ? key.slice(0, slash) : key
  return [...new Set([fileName(host), fileName(host.toLowerCase())])]
}

function fileName(key: string): string {
  return `${key.replace(/[^0-9A-Za-z.\-_]/g, '_')}.pem`
}
