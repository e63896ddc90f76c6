// test/stats/strftime.test.ts: dates as the system's own strftime writes them.
process.env.TZ = 'Europe/Berlin' // before the first date is made

import { execFileSync } from 'node:child_process'
import t from 'tap'
import { strftime } from '../../stats/strftime.ts'

const MOMENTS = ['2026-01-01T00:00:00', '2026-07-09T13:05:09', '2024-12-31T12:59:59', '2026-11-08T09:30:00']
const CONVERSIONS = 'aAbBcCdDeFhHIjklmMpPrRsSTuwxXyYz%'

t.test('every conversion is what date(1) prints', async t => {
  const format = [...CONVERSIONS].map(letter => `${letter}=%${letter}`).join('|')
  for (const moment of MOMENTS) {
    const expected = execFileSync('date', ['-d', moment, `+${format}`], {
      env: { TZ: 'Europe/Berlin', LC_ALL: 'C' },
      encoding: 'utf8',
    })
    t.strictSame(strftime(format)(new Date(moment)).split('|'), expected.trimEnd().split('|'))
  }
})

t.test('what is not known stays as written, and a line stays one line', async t => {
  const at = new Date(2026, 10, 7)
  t.equal(strftime('%Q %é 100%')(at), '%Q %é 100%')
  t.equal(strftime('a%nb%tc')(at), 'a b\tc')
  t.equal(strftime('')(at), '')
  t.match(strftime('%Z')(at), /^[A-Z]{3}/)
})
