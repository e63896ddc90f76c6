// test/config/vectors.test.ts: 64 configurations as uWSGI itself read them. We read the same, depart where we say
// so, and refuse in words what is not supported yet.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { folderOf, pairsOf, problemsOf, warningsOf } from './folder.ts'

interface Vector {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly expect: readonly (readonly [string, string])[] | { readonly error?: string; readonly exit: number }
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../vectors/config.json'), 'utf8'),
)

/** Errors in uWSGI and here: our words for them. */
const ERRORS: Readonly<Record<string, string>> = {
  'cli-long-prefix-ambiguous':
    'command line: option "--sock" is ambiguous. Write it out: --socket-send-timeout, --socket-write-timeout, --socket, --socket-protocol or 3 others.',
  'cli-unknown-option': 'command line: option "--foo" is unknown. See "sluice --help" for all options.',
  'cli-flag-with-value-rejected':
    'command line: option "--master" takes no value on the command line. Write --set master=false.',
  'include-missing-file':
    'a.ini:2: cannot read "nope.ini": there is no such file. Paths are relative to the start directory, {{DIR}}; write %d before one beside the file that names it.',
  'set-placeholder-rejects-real-option':
    'command line: you cannot use "processes" as a placeholder: it is an option. Choose another name, or use set.',
  'set-needs-equal':
    'command line: option "set" cannot be "novalue": it is not NAME=VALUE. Write NAME=VALUE.',
  'at-missing-file':
    'a.ini:2: option "a": cannot read "nope.txt": there is no such file. Paths are relative to the start directory, {{DIR}}; write %d before one beside the file that names it.',
  'strict-unknown': 'a.ini:3: option "foo" is unknown. See "sluice --help" for all options.',
}

/** What uWSGI does and we do otherwise, on purpose. */
const DEPARTURES: Readonly<Record<string, Vector['expect']>> = {
  'ini-bare-arg-with-section-fails': [['processes', '2']],
  'magic-uppercase-empty-for-bare-arg': [['n', 'a N=[a]']],
  'magic-unknown-letter-removed': [
    ['ini', 'a.ini'],
    ['fmt', '%Y-%m'],
    ['file', 'ab'],
    ['z', '[]'],
  ],
}

const BLOCKS = 'Write the lines of the block out, or keep a file per case.'
const TO_INI = 'Convert the file to ini.'

/** What comes later, and what is said about it, so that nothing is misread in the meantime. */
const LATER: Readonly<Record<string, string>> = {
  'include-order': `b.ini:3: files of the format "xml" are not supported yet. ${TO_INI}`,
  'include-vs-inherit': 'a.ini:4: "inherit" is not supported yet. Use include.',
  'at-file-and-exec':
    'a.ini:3: option "b": reading from exec:// is not supported yet. Run the command beforehand and give a file.',
  'for-loop': `a.ini:2: "for" is not supported yet. ${BLOCKS}`,
  'for-on-cli': `command line: "for" is not supported yet. ${BLOCKS}`,
  'for-times-glob-readline': `a.ini:2: "for-times" is not supported yet. ${BLOCKS}`,
  'if-env': `a.ini:2: "if-env" is not supported yet. ${BLOCKS}`,
  'if-exists-family': `a.ini:2: "if-exists" is not supported yet. ${BLOCKS}`,
  'if-opt': `a.ini:3: "if-opt" is not supported yet. ${BLOCKS}`,
  'logic-nesting-rejected': `a.ini:2: "for" is not supported yet. ${BLOCKS}`,
  'logic-include-inside-block': `a.ini:2: "for" is not supported yet. ${BLOCKS}`,
  'xml-basic': `command line: files of the format "xml" are not supported yet. ${TO_INI}`,
  'xml-id': `command line: files of the format "xml" are not supported yet. ${TO_INI}`,
  'yaml-basic': `command line: files of the format "yml" are not supported yet. ${TO_INI}`,
  'yaml-section': `command line: files of the format "yaml" are not supported yet. ${TO_INI}`,
  'json-basic': `command line: files of the format "json" are not supported yet. ${TO_INI}`,
  'json-section-missing': `command line: files of the format "json" are not supported yet. ${TO_INI}`,
  'exec-config':
    'command line: reading from exec:// is not supported yet. Run the command beforehand and give a file.',
  'declare-option': 'a.ini:2: option "declare-option" is not supported yet. Write the options out.',
  'blacklist-context': 'a.ini:2: option "blacklist" is not supported yet. Take it out.',
  'print-and-iprint': 'a.ini:2: option "print" is not supported yet. Take it out.',
  'get-option': 'command line: option "get" is not supported yet. Use "sluice show-config".',
}

for (const vector of vectors.filter(({ name }) => name !== 'stdin-config' && name !== 'env-options')) {
  t.test(vector.name, async t => {
    const folder = folderOf(t, vector.files, vector.env)
    const loaded = folder.load(...vector.argv)
    const here = (text: string) => text.replaceAll('{{DIR}}', folder.path)
    const later = LATER[vector.name]
    const error = ERRORS[vector.name]
    if (later !== undefined) {
      t.ok(problemsOf(loaded).includes(later), later)
    } else if (error !== undefined) {
      t.equal(pairsOf(loaded), null, 'nothing is shown')
      t.equal(problemsOf(loaded)[0], here(error))
    } else {
      t.strictSame(
        pairsOf(loaded),
        JSON.parse(here(JSON.stringify(DEPARTURES[vector.name] ?? vector.expect))),
      )
    }
  })
}

t.test('env-options: options from the environment come later; each is named in a warning', async t => {
  const { files, env, argv } = vectors.find(({ name }) => name === 'env-options')!
  t.strictSame(warningsOf(folderOf(t, files, env).load(...argv)), [
    'environment: warning: UWSGI_PROCESSES is not read: options from the environment are not supported yet. Write processes in a file.',
    'environment: warning: UWSGI_HTTP_SOCKET is not read: options from the environment are not supported yet. Write http-socket in a file.',
    'environment: warning: UWSGI_FOO_BAR is not read: options from the environment are not supported yet. Write foo-bar in a file.',
  ])
})

t.test('stdin-config', async t => {
  const { stdin, argv, expect } = vectors.find(({ name }) => name === 'stdin-config')!
  const program = `
    import { loadConfig } from ${JSON.stringify(join(import.meta.dirname, '../../config/load.ts'))}
    const { pairs } = loadConfig(${JSON.stringify(argv)}, { cwd: process.cwd(), env: {}, version: '' })
    console.log(JSON.stringify(pairs.map(({ name, value }) => [name, value])))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    input: stdin ?? '',
  })
  t.strictSame(JSON.parse(stdout.toString()), expect)
})

t.test('every vector named here exists', async t => {
  const names = new Set(vectors.map(({ name }) => name))
  const missing = Object.keys({ ...ERRORS, ...DEPARTURES, ...LATER }).filter(name => !names.has(name))
  t.strictSame(missing, [])
})
