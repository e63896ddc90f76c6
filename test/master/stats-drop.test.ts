// test/master/stats-drop.test.ts: what root makes for statistics and sticky cookies serves the user that Sluice becomes.
import { execFile } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { install, openDirectory } from '../support/installation.ts'

const NOBODY = 65534

t.test('a privileged port for http-stats, and the secret', async t => {
  const sluice = install(t)
  const cwd = openDirectory(t)
  const state = join(cwd, 'state')
  mkdirSync(state, { mode: 0o755 })
  const running = await sluice.start({
    ini: `uid = ${NOBODY}
gid = ${NOBODY}
http = 127.0.0.1:0
http-processes = 1
http-stats = 127.0.0.1:919
balance = key=*,sticky=node
`,
    cwd,
    env: { STATE_DIRECTORY: state },
  })
  const inItsNetwork = [
    '--net',
    '--target',
    String(running.pid),
    'bash',
    '-c',
    'cat < /dev/tcp/127.0.0.1/919',
  ]
  const { stdout } = await promisify(execFile)('nsenter', inItsNetwork)
  t.match(JSON.parse(stdout), { uid: NOBODY, gid: NOBODY })
  const { uid, mode } = statSync(join(state, 'sticky-secret'))
  t.same([uid, mode & 0o777], [NOBODY, 0o600], 'a reload may read it again')
})
