// test/stats/append-some.ts: a process that appends lines to an access log until it is told to stop by a file, for
// tests where several write to one file. Arguments: FILE NAME LINES. Prints what it lost.
import { AccessLog } from '../../stats/access-log.ts'
import { sampleEntry } from './sample-entry.ts'

const [file = '', name = '', lines = '0'] = process.argv.slice(2)
const log = new AccessLog({ file, format: 'json', flushBytes: 1000, flushMs: 10 })
for (let i = 0; i < Number(lines); i++) {
  log.write({ ...sampleEntry, id: `${name}-${i}`, target: `/${'x'.repeat(i % 700)}` })
  if (i % 20 === 0) await log.flush()
}
await log.close()
process.stdout.write(`${log.dropped}\n`)
