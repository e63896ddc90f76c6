// test/config/print.test.ts: what is printed from the option table and from a configuration.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { optionsPage } from '../../config/docs.ts'
import { helpText } from '../../config/help.ts'
import type { Loaded } from '../../config/load.ts'
import { checkText, showText } from '../../config/show.ts'
import { OPTIONS } from '../../config/table.ts'
import { folderOf } from './folder.ts'

const options = (loaded: Loaded) => loaded as Exclude<Loaded, { kind: 'command' }>

t.test('docs are current', async t => {
  const script = join(import.meta.dirname, '../tools/print-docs.ts')
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'])
  t.equal(status, 0, stderr.toString())
})

t.test('help and docs name every option', async t => {
  for (const [name, { doc }] of Object.entries(OPTIONS)) {
    t.ok(helpText().includes(`--${name}`), name)
    t.ok(optionsPage().includes(`\n### ${name}\n`), name)
    t.ok(doc.endsWith('.') && /^[A-Z]/.test(doc), `a sentence on ${name}`)
  }
})

t.test('help fits the terminal where words allow', async t => {
  const all = helpText(70).split('\n')
  const lines = all.slice(all.indexOf('HTTP and HTTPS:')) // before it are usage lines, which do not break
  t.strictSame(
    lines.filter(line => line.length > 70),
    [],
  )
})

t.test('show-config as JSON: all options in order, switches as "true", nothing added', async t => {
  const folder = folderOf(t, {
    'a.ini': '[sluice]\nhttp = :%(p)\np = 80\ninclude = b.ini\n',
    'b.ini': '[sluice]\nlisten = 5\n',
  })
  const { out, err, exit } = showText(options(folder.load('a.ini', '--master')), 'json')
  t.strictSame(JSON.parse(out), [
    ['master', 'true'],
    ['http', ':80'],
    ['p', '80'],
    ['include', 'b.ini'],
    ['listen', '5'],
  ])
  t.equal(err, '')
  t.equal(exit, 0)
})

t.test('show-config as ini is a file that can be read', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\nhttp = :0\nattach-daemon = date +%%s\n' })
  const { out } = showText(options(folder.load('a.ini')), 'ini')
  t.equal(out, '[sluice]\nhttp = :0\nattach-daemon = date +%%s\n')
})

t.test('show-config shows what would not start, and says why', async t => {
  const folder = folderOf(t, { 'a.ini': '[uwsgi]\nwrokers = 4\n' })
  const { out, err, exit } = showText(options(folder.load('a.ini')), 'json')
  t.strictSame(JSON.parse(out), [['wrokers', '4']])
  t.equal(err, 'a.ini:2: option "wrokers" is unknown. Did you mean "workers"?\n')
  t.equal(exit, 0)
})

t.test('show-config of what cannot be read shows nothing', async t => {
  const { out, exit } = showText(options(folderOf(t, {}).load('nope.ini')), 'json')
  t.equal(out, '')
  t.equal(exit, 1)
})

t.test('check tells what has no effect, and that all is well', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\nhttp = :0\nthunder-lock = true\nmaster = false\n' })
  t.strictSame(checkText(options(folder.load('a.ini'))), {
    out: 'The configuration is correct.\n',
    err: 'a.ini:4: warning: the master always runs, "master = false" changes nothing. Take it out.\na.ini:3: note: option "thunder-lock" has no effect: the gateways need no lock around accept.\n',
    exit: 0,
  })
})

t.test('check tells what is wrong', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\nhttp = 80\n' })
  t.strictSame(checkText(options(folder.load('a.ini'))), {
    out: '',
    err: 'a.ini:2: option "http" cannot be "80": "80" is neither an address nor a path. Did you mean :80?\n',
    exit: 1,
  })
})
