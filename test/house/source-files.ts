// test/house/source-files.ts: the files of this checkout, and what each of them imports.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const ROOT = dirname(dirname(import.meta.dirname))
const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.tap', 'state'])

export interface Import {
  /** A file of ours relative to the checkout ('base/errors.ts'), 'node:fs', or the name of a package. */
  readonly target: string
  readonly isOurs: boolean
  /** False for `import type`: nothing is loaded. */
  readonly isLoaded: boolean
  /** What is imported by name; empty for all other forms. */
  readonly names: readonly string[]
}

/** Every file of the checkout that ends so, relative to it, in order. */
export function filesEndingIn(...endings: readonly string[]): string[] {
  return globSync('**/*', { cwd: ROOT, exclude: entry => NOT_OURS.has(entry), withFileTypes: false })
    .concat(globSync('.ci/*', { cwd: ROOT }))
    .filter(file => endings.some(ending => file.endsWith(ending)))
    .sort()
}

export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** A source without its comments, so that what they mention does not count. Strings stay; lines keep their numbers. */
export function withoutComments(source: string): string {
  return source.replace(/^\s*\/\/.*$|\s\/\/ .*$|\/\*[\s\S]*?\*\//gm, comment => comment.replace(/[^\n]/g, ''))
}

/** What a file imports; a target that is no literal is named '(computed)'. */
export function importsOf(file: string): Import[] {
  return importsIn(withoutComments(readSource(file)), file)
}

const FROM =
  /^(?:import|export)(\s+type(?=\s+[\w$]+\s+from\b|\s*[{*]))?\s*((?:[\w$]+\s*,?\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?)?)\s*\bfrom\s*['"]([^'"]+)['"]/gm
const FOR_EFFECT = /^import\s*['"]([^'"]+)['"]/gm
const DYNAMIC = /(?<![.\w])import\(\s*(?:(['"])([^'"]+)\1)?/g

/** The same for a text, which stands at `file`. */
export function importsIn(source: string, file: string): Import[] {
  const found: Import[] = []
  for (const [, type, clause = '', specifier = ''] of source.matchAll(FROM)) {
    found.push({ ...resolve(specifier, file), isLoaded: type === undefined, names: namesIn(clause) })
  }
  for (const [, specifier = ''] of source.matchAll(FOR_EFFECT)) {
    found.push({ ...resolve(specifier, file), isLoaded: true, names: [] })
  }
  for (const [, , specifier = '(computed)'] of source.matchAll(DYNAMIC)) {
    found.push({ ...resolve(specifier, file), isLoaded: true, names: [] })
  }
  return found
}

function namesIn(clause: string): string[] {
  const braces = /\{([^}]*)\}/.exec(clause)?.[1] ?? ''
  return braces
    .split(',')
    .map(name => name.trim().split(/\s+as\s+/)[0]!)
    .filter(name => name !== '')
}

function resolve(specifier: string, from: string): { target: string; isOurs: boolean } {
  if (specifier.startsWith('.')) return { target: join(dirname(from), specifier), isOurs: true }
  if (specifier.startsWith('node:') || specifier === '(computed)') return { target: specifier, isOurs: false }
  const parts = specifier.split('/')
  return { target: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), isOurs: false }
}

/**
 * All that is loaded, in the end, when `entry` is: files of ours and packages, each with the file that loads it.
 * Walk back from anything to `entry` to see why it is there.
 *
 * @param except imports that do not count: of this target in this file
 */
export function loadedFrom(
  entry: string,
  except: readonly (readonly [file: string, target: string])[] = [],
): Map<string, string> {
  const loader = new Map<string, string>([[entry, '']])
  for (const file of loader.keys()) {
    if (!existsSync(join(ROOT, file)) || !/\.[jt]s$/.test(file)) continue
    for (const { target, isLoaded } of importsOf(file)) {
      if (except.some(([from, to]) => from === file && to === target)) continue
      if (isLoaded && !loader.has(target)) loader.set(target, file)
    }
  }
  return loader
}

/** How `entry` comes to load `target`: 'gateway/main.ts > gateway/x.ts > store/redis.ts'. */
export function pathTo(target: string, loader: ReadonlyMap<string, string>): string {
  const steps: string[] = []
  for (let step: string | undefined = target; step; step = loader.get(step)) steps.unshift(step)
  return steps.join(' > ')
}
