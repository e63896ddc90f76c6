// test/master/steering/notify.test.ts: what systemd hears of a start, a reload and a stop, through a real datagram socket.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ReadinessNotifier, takeNotifySocket } from '../../../master/steering/notify.ts'
import { heardLog } from '../../support/controls.ts'
import { gatewayPids, until } from '../../support/processes.ts'
import { startSluice } from '../../support/sluice.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'

// Node has no UNIX datagrams. Descriptors that come along (the tool's barrier) are closed at once, as systemd does.
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    data, ancillary, flags, address = s.recvmsg(65536, 1024)
    for level, kind, fds in ancillary:
        import array, os
        for fd in array.array('i', fds): os.close(fd)
    print(data.decode().replace('\\n', ' '), flush=True)
`

t.test('READY once every gateway serves, STOPPING when it ends', async t => {
  const { path, heard } = await receiver(t)
  const sluice = await startSluice(t, {
    ini: 'http = 127.0.0.1:0\nhttp-processes = 2\nattach-daemon = env > daemon.env; exec sleep 100\n',
    env: { NOTIFY_SOCKET: path, RUNTIME_DIRECTORY: temporaryDirectory(t) },
  })
  await until('it is ready', () => heard().includes('READY=1'))
  t.match(heard(), `STATUS=serving ${sluice.url}`)
  t.equal(gatewayPids(sluice.pid).length, 2)
  for (const pid of gatewayPids(sluice.pid)) {
    t.notMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), 'NOTIFY_SOCKET')
  }
  const daemon = join(sluice.directory, 'daemon.env')
  await until('the daemon runs', () => readFileSync(daemon, 'utf8').includes('PWD='))
  t.notMatch(readFileSync(daemon, 'utf8'), 'NOTIFY_SOCKET')
  t.equal((await sluice.stop('SIGTERM')).code, 0)
  await until('it says that it stops', () => heard().includes('STOPPING=1'))
})

t.test('a machine without systemd-notify is warned about once', async t => {
  const { log, events } = heardLog()
  const notifier = new ReadinessNotifier('/nowhere', log)
  const { PATH } = process.env
  process.env.PATH = '/nonexistent'
  await notifier.ready('x')
  await notifier.stopping()
  process.env.PATH = PATH
  t.match(events, [{ level: 'warn', cause: 'there is no systemd-notify' }])
  t.equal(events.length, 1)
})

t.test('nobody to tell: nothing is started', async t => {
  const { log, events } = heardLog()
  await new ReadinessNotifier(null, log).ready('x')
  t.same(events, [])
})

t.test('the variable is taken out of the environment', async t => {
  const env = { NOTIFY_SOCKET: '/run/x', OTHER: '1' }
  t.equal(takeNotifySocket(env), '/run/x')
  t.same(env, { OTHER: '1' })
  t.equal(takeNotifySocket(env), null)
})

async function receiver(t: Test): Promise<{ path: string; heard: () => string }> {
  const path = join(temporaryDirectory(t), 'notify')
  const child = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  await once(child.stdout, 'data')
  return { path, heard: () => text }
}
