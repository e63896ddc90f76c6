// test/config/routing-page.test.ts: what docs/routing.md tells people to write can be loaded.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { problemText } from '../../config/config.ts'
import { planRules } from '../../master/rules-steps.ts'
import { configOf, folderOf } from './folder.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/routing.md'), 'utf8')

/** Lines of Sluice in the table of nginx's directives; what is left out there is filled in. */
const LINES = PAGE.split('\n')
  .filter(line => line.startsWith('| `') && / = /.test(line))
  .flatMap(
    line =>
      line
        .replaceAll('\\|', '\0')
        .split('|')[2]!
        .match(/`[a-z-]+ = [^`]*`/g) ?? [],
  )
  .map(text =>
    text
      .slice(1, -1)
      .replaceAll('\0', '|')
      .replace(/address=…$/, 'address=http://a:80')
      .replace(/…$/, 'last:'),
  )

t.test('there are such lines', async t => t.ok(LINES.length > 25))

for (const [i, line] of LINES.entries()) {
  t.test(line, async t => {
    const folder = folderOf(t, { 'a.ini': `[sluice]\nhttp = :0\n${line.replace(/%(?!\()/g, '%%')}\n` })
    const { problems } = planRules(configOf(folder.load('a.ini')), folder.path)
    t.same(
      problems.map(problem => problemText(problem)),
      [],
      `line ${i}`,
    )
  })
}
