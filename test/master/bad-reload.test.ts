// test/master/bad-reload.test.ts: whatever is wrong with a new config, nothing changes, and the message says what and where.
import { once } from 'node:events'
import { chmodSync, chownSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { makeSelfSigned } from '../../certs/manage/self-signed.ts'
import type { Status } from '../../master/controls.ts'
import { CONTROL, reloadWith, statusOf } from '../support/control.ts'
import { until } from '../support/processes.ts'
import { startRawNode } from '../support/raw-node.ts'
import { freshDirectory, type Sluice, startSluice } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

const USER = 65_534 // nobody

const node = await startRawNode(t, {
  script: async connection => {
    for (;;) {
      await connection.head()
      await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }
  },
})
const [one, two] = [await makeSelfSigned(), await makeSelfSigned()]
const GOOD = `http = 127.0.0.1:0\nhttp-processes = 1\nhttp-to = http://${node.address}\n`

/** What is added to the good config from line 6 on (or replaces it), and what the refusal says. */
const BAD: readonly (readonly [what: string, lines: string, message: RegExp])[] = [
  [
    'an unknown option',
    'http-timeuot = 5',
    /sluice\.ini:6: option "http-timeuot" is unknown\. Did you mean "http-timeout"\?/,
  ],
  ['an option that is not supported', 'chroot = /x', /sluice\.ini:6: option "chroot" is not supported/],
  ['a line that is none', '[sluice', /sluice\.ini:6: /],
  ['a value that is no number', 'http-timeout = soon', /sluice\.ini:6: .*http-timeout.*soon/],
  ['a number out of range', 'http-processes = 0', /sluice\.ini:6: .*http-processes/],
  ['a placeholder in a circle', 'a = $(b)\nb = $(a)\nhttp-var = X=$(a)', /sluice\.ini:[678]: /],
  ['an include that does not exist', 'include = missing.ini', /sluice\.ini:6: .*missing\.ini/],
  ['an include with an error in it', 'include = bad.ini', /bad\.ini:2: option "wrokers" is unknown/],
  ['an include that includes itself', 'include = sluice.ini', /sluice\.ini/],
  ['a missing certificate', 'https = 127.0.0.1:0,none.pem,none.key', /sluice\.ini:6: .*none\.pem/],
  [
    'a key of another certificate',
    'https = 127.0.0.1:0,one.pem,two.key',
    /sluice\.ini:6: .*two\.key|sluice\.ini:6: .*key/,
  ],
  ['a certificate that is none', 'https = 127.0.0.1:0,bad.ini,one.key', /sluice\.ini:6: .*bad\.ini/],
  ['ciphers that do not exist', 'https = 127.0.0.1:0,one.pem,one.key,NOSUCH', /sluice\.ini:6: .*NOSUCH/],
  ['a port that is taken', `http = ${'TAKEN'}`, /sluice\.ini:6: .*TAKEN/],
  ['an address that is not ours', 'http = 192.0.2.1:0', /sluice\.ini:6: .*192\.0\.2\.1/],
  [
    'a name that does not resolve',
    'http = no.such.name.invalid:80',
    /sluice\.ini:6: .*no\.such\.name\.invalid/,
  ],
  ['a UNIX socket in no directory', 'http = missing/x.sock', /sluice\.ini:6: .*missing/],
  ['a UNIX path that is a file', 'http = bad.ini', /sluice\.ini:6: .*bad\.ini/],
  ['a shared socket that does not exist', 'http = =3', /sluice\.ini:6: .*=3/],
  ['a node that is no address', 'http-to = http://', /sluice\.ini:6: .*http-to/],
  ['a node that is ourselves', 'http = 127.0.0.1:65001\nhttp-to = http://127.0.0.1:65001', /sluice\.ini:7: /],
  ['a log in no directory', 'access-log = missing/a.log', /sluice\.ini:6: .*missing/],
  ['a queue longer than the kernel allows', 'listen = 65535', /sluice\.ini:6: .*listen/],
  ['another user', 'uid = 12345\ngid = 12345', /sluice\.ini:6: .*uid/],
  ['a directory that is none', 'chdir = missing', /sluice\.ini:6: .*missing/],
]

t.test('nothing changes, and the message is right', async t => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const takenAt = `127.0.0.1:${(taken.address() as net.AddressInfo).port}`
  const sluice = await startWithFiles(t)
  const before = await statusOf(sluice)
  for (const [what, lines, message] of BAD) {
    const report = await reloadWith(sluice, GOOD + lines.replace('TAKEN', takenAt))
    t.equal(report.kind, 'refused', `${what}: refused`)
    t.match(report.problem, new RegExp(message.source.replace('TAKEN', takenAt)), what)
    t.notMatch(report.problem, /\n {4}at |node:internal/, `${what}: no stack`)
    t.equal((await fetch(sluice.url)).status, 200)
  }
  const after = await statusOf(sluice)
  t.same(pids(after), pids(before), 'the gateways are the same')
  t.same([after.reloads, after.listeners, after.nodes.length], [0, before.listeners, 1])
  const lines = () => sluice.stderr().match(/SLUICE_RELOAD_REFUSED/g)?.length ?? 0
  await until('the last line of the log is here', () => lines() >= BAD.length)
  t.equal(lines(), BAD.length, 'one line in the log for each')
  t.equal(
    (await reloadWith(sluice, `${GOOD}http-timeout = 5`)).kind,
    'in place',
    'and a good one goes through',
  )
})

t.test('two things wrong at once: all is told, and what was good in it is not applied', async t => {
  const sluice = await startWithFiles(t)
  const report = await reloadWith(sluice, `${GOOD}http-timeout = x\nhttp-max-uri = y\nhttp = 127.0.0.1:0`)
  t.match(report.problem, /sluice\.ini:6: .*http-timeout.*\n.*sluice\.ini:7: .*http-max-uri/)
  t.equal((await statusOf(sluice)).listeners.length, 1)
})

t.test('as another user than root, files and ports that need root are refused', async t => {
  const run = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', '--bounding-set=-all']
  const sluice = await startWithFiles(t, ['unshare', '--net', ...run])
  for (const [what, lines, message] of [
    ['an include that may not be read', 'include = secret.ini', /sluice\.ini:6: .*secret\.ini/],
    ['a key that may not be read', 'https = 127.0.0.1:0,one.pem,secret.ini', /sluice\.ini:6: .*secret\.ini/],
    ['a privileged port', 'http = 127.0.0.1:80', /sluice\.ini:6: .*:80.*CAP_NET_BIND_SERVICE/s],
    ['root', 'uid = root', /sluice\.ini:6: option "uid" changed/],
  ] as const) {
    const report = await reloadWith(sluice, GOOD + lines)
    t.equal(report.kind, 'refused', `${what}: refused`)
    t.match(report.problem, message, what)
  }
  t.equal((await statusOf(sluice)).reloads, 0)
})

async function startWithFiles(t: Test, wrapper: readonly string[] = []): Promise<Sluice> {
  const cwd = freshDirectory(t, {
    'one.pem': one.cert,
    'one.key': one.key,
    'two.key': two.key,
    'bad.ini': '[sluice]\nwrokers = 1\n',
    'secret.ini': '[sluice]\nhttp-timeout = 5\n',
  })
  chmodSync(join(cwd, 'secret.ini'), 0o600)
  chownSync(cwd, wrapper.length > 0 ? USER : 0, 0)
  return startSluice(t, { ini: CONTROL + GOOD, cwd, wrapper })
}

function pids(status: Status): number[] {
  return status.gateways.map(({ pid }) => pid)
}
