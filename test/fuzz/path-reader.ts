// test/fuzz/path-reader.ts: PATH_INFO a second time: RFC 3986 section 5.2.4 as a stack of segments.

/** @param path with good percents. @returns one character a byte */
export function pathInfoOf(path: string): string {
  if (!path.startsWith('/')) return path
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  const segments = decoded.split('/').slice(1)
  const kept: string[] = []
  for (const [i, segment] of segments.entries()) {
    if (segment === '..') kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (i === segments.length - 1) kept.push('')
  }
  return `/${kept.join('/')}`
}
