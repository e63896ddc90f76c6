// test/master/logs/log.test.ts: the two forms of the event log.
import t from 'tap'
import { createLog } from '../../../master/logs/log.ts'

function lines(isTTY: boolean): { log: ReturnType<typeof createLog>; said: string[] } {
  const said: string[] = []
  return { log: createLog({ isTTY, write: text => said.push(text) }), said }
}

t.test('on a terminal: one line for people', async t => {
  const { log, said } = lines(true)
  log.warn({ code: 'SLUICE_DAEMON_ENDED', waitMs: 0, cause: 'exit code 1' }, 'daemon ended')
  t.match(
    said[0],
    /^\d\d:\d\d:\d\d warn {2}daemon ended {2}code=SLUICE_DAEMON_ENDED waitMs=0 cause="exit code 1"\n$/,
  )
})

t.test('elsewhere: a JSON object per line', async t => {
  const { log, said } = lines(false)
  log.info({ gateways: 2 }, 'started')
  t.match(JSON.parse(said[0]!), {
    level: 'info',
    pid: process.pid,
    gateways: 2,
    msg: 'started',
    time: /^\d{4}-.*Z$/,
  })
})

t.test('a text of several lines stays on one, as a log line is one event', async t => {
  const { log, said } = lines(true)
  log.info({ file: 'a\nb' }, 'read')
  t.equal(said[0]!.trimEnd().split('\n').length, 1)
})

t.test('an error shows its message to people, and its stack only to those who ask', async t => {
  const { log, said } = lines(true)
  log.fatal({ err: new Error('boom') }, 'internal error')
  t.match(said[0], /fatal internal error .*boom/)
  t.equal(said[0]!.trimEnd().split('\n').length, 1)
})

t.test('control characters cannot command a terminal, wherever they stand', async t => {
  const { log, said } = lines(true)
  log.warn({ file: '\x1b[2J', deep: { a: '\x7f\u2028' } }, 'odd \x1b]0;x\x07 name')
  log.error({ err: new Error('one\ntwo \x9b') }, 'failed')
  t.match(said.join(''), /^[ -~]+\n[ -~]+\n$/)
  t.match(said[0], 'odd \\u001b]0;x\\u0007 name  file=\\u001b[2J')
})
