// test/tools/build.ts: makes dist/, the package that would be published: JavaScript, its data, and what readers need.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const ROOT = dirname(dirname(import.meta.dirname))
/** Copied as they are. */
const FOR_READERS = ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs', 'examples']
/** Fields of package.json that mean something to those who install the package. */
const PUBLISHED_FIELDS = ['name', 'version', 'description', 'keywords', 'license', 'homepage', 'repository', 'bugs', 'type', 'bin', 'engines', 'dependencies'] // biome-ignore format: one list
/** What functions of rules are written against: types alone, so that a declaration is what the source is. */
const RULE_TYPES = 'routing/rules/ours/js-types.ts'
const EXPORTS = { './rules': { types: './rules.d.ts' }, './package.json': './package.json' }
/** Data that sources import or read, beside the sources. */
const DATA = /\.(json|html|py|lua)$/

/** Builds the package into `out`, which is emptied first. @throws Error with the compiler's words when it fails */
export function build(out: string = join(ROOT, 'dist')): void {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  compile(out)
  copyData(out)
  for (const name of FOR_READERS) cpSync(join(ROOT, name), join(out, name), { recursive: true })
  cpSync(join(ROOT, RULE_TYPES), join(out, 'rules.d.ts'))
  writeJson(join(out, 'package.json'), {
    ...publishedManifest(readJson('package.json')),
    exports: EXPORTS,
  })
  writeJson(join(out, 'npm-shrinkwrap.json'), publishedLock(readJson('package-lock.json')))
  chmodSync(join(out, 'bin/sluice.js'), 0o755)
  refuseTypeScriptNames(out)
}

function compile(out: string): void {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const args = [compiler, '--project', join(ROOT, 'tsconfig.build.json'), '--outDir', out]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`The sources do not compile:\n${stdout}${stderr}`)
}

function copyData(out: string): void {
  const folders = readJson('tsconfig.build.json').include as string[]
  for (const folder of folders.filter(name => existsSync(join(ROOT, name)))) {
    for (const file of globSync(`${folder}/**/*`, { cwd: ROOT })) {
      if (DATA.test(file)) cpSync(join(ROOT, file), join(out, file))
    }
  }
}

type Json = Record<string, unknown>

function publishedManifest(manifest: Json): Json {
  return Object.fromEntries(
    PUBLISHED_FIELDS.filter(name => name in manifest).map(name => [name, manifest[name]]),
  )
}

// Who installs a gateway gets the very versions that were tested.
function publishedLock(lock: Json): Json {
  const all = lock.packages as Record<string, Json>
  const { name, version, license, dependencies, bin, engines } = all[''] ?? {}
  const kept = Object.entries(all).filter(([path, { dev, devOptional, optional }]) => {
    return path !== '' && !dev && !devOptional && !optional
  })
  const own = { name, version, license, dependencies, bin, engines }
  return { ...lock, packages: { '': own, ...Object.fromEntries(kept) } }
}

// A program started by file name is not rewritten by the compiler, and Node strips no types below node_modules.
function refuseTypeScriptNames(out: string): void {
  for (const file of globSync('*/**/*.js', { cwd: out })) {
    if (file.startsWith('examples/') || file.startsWith('docs/')) continue
    const code = readFileSync(join(out, file), 'utf8').replace(
      /^\s*\/\/.*$|\s\/\/ .*$|\/\*[\s\S]*?\*\//gm,
      '',
    )
    const name = /['"`/][\w./${}-]+\.ts['"`]/.exec(code)?.[0]
    if (name !== undefined) {
      throw new Error(
        `${relative(out, join(out, file))} names ${name}, which is no file of the package: take the ending from import.meta.filename.`,
      )
    }
  }
}

function readJson(name: string): Json {
  return JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as Json
}

function writeJson(path: string, value: Json): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
}

if (import.meta.main) {
  const out = resolve(process.argv[2] ?? join(ROOT, 'dist'))
  try {
    build(out)
    process.stdout.write(
      `Built ${relative(process.cwd(), out) || '.'}. Try it: npm pack ./${relative(process.cwd(), out)}\n`,
    )
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
