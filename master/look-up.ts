// master/look-up.ts: which key serves a request for a host and a path, and in what way it was found. Gateways have a table that
// finds the same without walking (routing/table.ts); this says how.
import { isRuleKey, MOST_LABELS, MOST_SEGMENTS, nameOf, readKey } from '../base/table-key.ts'

export interface FoundKey {
  readonly key: string
  /** 'host': without the port that was asked for. */
  readonly way: 'exact' | 'host' | 'wildcard'
}

/**
 * @param asked a host, with a port or without, and perhaps a path: "a.b.example:8080/api"
 * @param has whether somebody serves a key
 * @returns null when no key fits
 */
export function lookUp(asked: string, has: (key: string) => boolean): FoundKey | null {
  if (isRuleKey(asked)) return has(asked) ? { key: asked, way: 'exact' } : null
  const slash = asked.indexOf('/')
  const host = (slash < 0 ? asked : asked.slice(0, slash)).toLowerCase()
  const paths = prefixesOf(slash < 0 ? '' : asked.slice(slash))
  for (const { text, way } of hostsOf(host)) {
    const path = paths.find(each => readKey(text + each) !== null && has(text + each))
    if (path !== undefined) return { key: text + path, way }
  }
  return null
}

// In the order in which they are tried: the host with its port, without, then wildcards from the longest.
function hostsOf(host: string): { readonly text: string; readonly way: FoundKey['way'] }[] {
  const name = nameOf(host)
  const port = host.slice(name.length)
  const dots = [...name.matchAll(/\./g)].map(({ index }) => index).filter(index => index > 0)
  const wildcards = dots.slice(-MOST_LABELS).flatMap(dot => {
    const text = name.slice(dot)
    return port === '' ? [text] : [text + port, text]
  })
  return [
    { text: host, way: 'exact' },
    ...(port === '' ? [] : [{ text: name, way: 'host' as const }]),
    ...wildcards.map(text => ({ text, way: 'wildcard' as const })),
  ]
}

// "/a/b", "/a", "": whole segments, the longest first.
function prefixesOf(path: string): string[] {
  const segments = path
    .replace(/\/+$/, '')
    .split('/')
    .slice(1, MOST_SEGMENTS + 1)
  const prefixes = segments.map((_, i) => `/${segments.slice(0, i + 1).join('/')}`)
  return [...prefixes.reverse(), '']
}
