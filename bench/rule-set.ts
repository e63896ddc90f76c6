// bench/rule-set.ts: route rules as each peer writes them: so many, of these kinds, all but one of them in vain.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HOST } from './site.ts'

/** Which rules there are; the request matches the last of them, or none. */
export type RuleSet =
  /** Regular expressions on the path, each with a text in it that every match has, or without one. */
  | { readonly kind: 'paths'; readonly count: number; readonly isIndexable: boolean; readonly hits: boolean }
  /** One for each host. */
  | { readonly kind: 'hosts'; readonly count: number }
  /** Each sets a variable or a field of the answer; then a last one matches. */
  | { readonly kind: 'settings'; readonly count: number }

const INDEXABLE: readonly ((i: number) => string)[] = [
  i => `^/svc${i}/`,
  i => `^/api/v${i % 5}/item${i}/([0-9]+)$`,
  i => `^/u${i}/(?:edit|view)/[a-z]+`,
  i => `/legacy${i}\\.php$`,
  i => `^/(?:de|en|fr)/page${i}/`,
]
// No text in them is in every match: lengths alone tell them apart.
const UNINDEXABLE = (i: number): string => `^/[a-z]{${i + 40}}/[0-9]+$`

/** Patterns of the paths that the rules of a set tell apart. */
export function patternsOf(rules: RuleSet & { kind: 'paths' }): readonly string[] {
  return Array.from({ length: rules.count }, (_, i) =>
    rules.isIndexable ? INDEXABLE[i % INDEXABLE.length]!(i) : UNINDEXABLE(i),
  )
}

/** The path to ask for: it matches the last pattern, or none. */
export function pathFor(rules: RuleSet): string {
  if (rules.kind !== 'paths' || !rules.hits) return '/assets/app/main.js'
  const i = rules.count - 1
  if (!rules.isIndexable) return `/${'a'.repeat(i + 40)}/4711`
  return [
    `/svc${i}/x`,
    `/api/v${i % 5}/item${i}/123`,
    `/u${i}/edit/abc`,
    `/x/legacy${i}.php`,
    `/de/page${i}/`,
  ][i % INDEXABLE.length]!
}

/** Other hosts than the one that is asked for; its own rule stands last. */
function otherHosts(count: number): readonly string[] {
  return Array.from({ length: count - 1 }, (_, i) => `host${i}.example`)
}

/** Lines of an ini file. What matches goes to the backend of the host that is asked for. */
export function sluiceRules(rules: RuleSet): readonly string[] {
  switch (rules.kind) {
    case 'paths':
      return patternsOf(rules).map(pattern => `route = ${pattern.replaceAll('%', '%%')} key:${HOST}`)
    case 'hosts':
      return [...otherHosts(rules.count), HOST].map(
        host => `route-host = ^${host.replaceAll('.', '\\.')}$ key:${HOST}`,
      )
    case 'settings':
      return [
        ...settings(rules.count).map(({ name, isVariable }) =>
          isVariable
            ? `route-run = addvar:${name}=\${REQUEST_METHOD}-${name}`
            : `route-run = addheader:${name}: \${REQUEST_METHOD}`,
        ),
        `route = ^/assets/ key:${HOST}`,
      ]
  }
}

/** For nginx: locations and lines in front of them, of the server that is asked for; further server blocks. */
export function nginxRules(
  rules: RuleSet,
  pass: string,
): { readonly locations: string; readonly names: string; readonly lines: string } {
  switch (rules.kind) {
    case 'paths': {
      const locations = patternsOf(rules).map(
        pattern => `location ~ "${pattern.replaceAll('\\', '\\\\')}" { ${pass} }`,
      )
      return { locations: locations.join('\n'), names: '', lines: '' }
    }
    case 'hosts': {
      const names = [...otherHosts(rules.count), HOST].map(host => `"~^${host.replaceAll('.', '\\.')}$"`)
      return { locations: '', names: names.join(' '), lines: '' }
    }
    case 'settings': {
      const lines = settings(rules.count).map(({ name, isVariable }) =>
        isVariable ? `set $${name} "$request_method-${name}";` : `add_header ${name} $request_method;`,
      )
      return { locations: `location ~ ^/assets/ { ${pass} }`, names: '', lines: lines.join('\n') }
    }
  }
}

/** For the front end of HAProxy. @param directory for a file of patterns, as its makers advise for many */
export function haproxyRules(rules: RuleSet, directory: string): string {
  if (rules.kind === 'settings') {
    const lines = settings(rules.count).map(({ name, isVariable }) =>
      isVariable
        ? `http-request set-var-fmt(txn.${name}) "%[method]-${name}"`
        : `http-response set-header ${name} %[var(txn.method)]`,
    )
    return `http-request set-var(txn.method) method
      ${lines.join('\n      ')}
      use_backend ${HOST} if { path_reg ^/assets/ }`
  }
  const file = join(directory, 'patterns')
  if (rules.kind === 'paths') {
    writeFileSync(file, `${patternsOf(rules).join('\n')}\n`)
    return `use_backend ${HOST} if { path_reg -f ${file} }`
  }
  const hosts = [...otherHosts(rules.count), HOST]
  writeFileSync(file, `${hosts.map(host => `^${host.replaceAll('.', '\\.')}$`).join('\n')}\n`)
  return `use_backend ${HOST} if { req.hdr(host) -m reg -f ${file} }`
}

function settings(count: number): readonly { readonly name: string; readonly isVariable: boolean }[] {
  return Array.from({ length: count }, (_, i) => ({
    name: i % 2 === 0 ? `Var${i}` : `X-Rule-${i}`,
    isVariable: i % 2 === 0,
  }))
}
