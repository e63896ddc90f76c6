// test/fuzz/corpus.ts: what mutation begins with: recorded messages and inputs that once failed, a file each, and seeds.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Target } from './target.ts'

const FOLDER = join(import.meta.dirname, 'corpus')

/** Recorded messages of a folder of the corpus, by file. */
export function recorded(folder: string): Map<string, Buffer> {
  const path = join(FOLDER, folder)
  const files = existsSync(path) ? readdirSync(path).sort() : []
  return new Map(files.map(file => [file, readFileSync(join(path, file))]))
}

/** Files and seeds of a target. Never empty: there is always the empty input. */
export function corpusOf(target: Target): Buffer[] {
  return [...recorded(target.name).values(), ...target.seeds(), Buffer.alloc(0)]
}

/** A copy that keeps nothing else in memory; small Buffers share a slab with others. */
export function unpooled(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}
