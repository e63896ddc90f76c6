// test/master/subscriptions/rights.test.ts: started as root, announcements come in on a port that only root may bind, and the user
// that Sluice becomes goes on with keys and state.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writePacket } from '../../../subscription/packet/write.ts'
import { announcement } from '../../subscription/packet/samples.ts'
import { rsaPair } from '../../subscription/signature/keys.ts'
import { install, openDirectory } from '../../support/installation.ts'

const WWW_DATA = 33
const sluice = install(t)
const INI = 'http = 127.0.0.1:0\nhttp-processes = 1\nuid = www-data\n'

t.test('a low port, and a state that belongs to the user', async t => {
  const cwd = openDirectory(t)
  const ini = `${INI}http-subscription-server = 127.0.0.1:607\n`
  const options = { ini, cwd, env: { STATE_DIRECTORY: join(cwd, 'state') } }
  const running = await sluice.start(options)
  sendInside(running.pid, 607, writePacket(announcement({ address: '127.0.0.1:9' }), null))
  await running.logged(/"msg":"node announced itself"/)
  t.equal((await running.stop('SIGTERM')).code, 0)
  for (const name of ['state', 'state/subscriptions-127.0.0.1_607.json'])
    t.equal(statSync(join(cwd, name)).uid, WWW_DATA, name)
  const again = await sluice.start(options)
  await again.logged(/"nodes":1,"refused":0/)
  t.equal((await again.stop('SIGTERM')).code, 0)
})

t.test('keys and a state that the user may not use are told before the start', async t => {
  const cwd = openDirectory(t)
  mkdirSync(join(cwd, 'keys'))
  writeFileSync(join(cwd, 'keys/a.example.pem'), rsaPair().publicPem)
  chmodSync(join(cwd, 'keys/a.example.pem'), 0o600)
  const server = 'http-subscription-server = 127.0.0.1:607\n'
  const ini = `${INI}${server}subscriptions-sign-check = SHA256:keys\nsubscription-state = state.json\n`
  const { code, stderr } = await sluice.run({ ini, cwd, words: ['check'] })
  t.equal(code, 1)
  t.match(stderr, /sluice\.ini:6: the public key .*a\.example\.pem may not be read by user www-data/)
  t.match(
    stderr,
    /sluice\.ini:7: the directory .* may not be written by user www-data: subscriptions could not be kept/,
  )
})

// From the network of the instance.
function sendInside(pid: number, port: number, bytes: Buffer): void {
  const args = [`--net=/proc/${pid}/ns/net`, 'bash', '-c', `cat > /dev/udp/127.0.0.1/${port}`]
  execFileSync('nsenter', args, { input: bytes })
}
