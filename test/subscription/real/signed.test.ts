// test/subscription/real/signed.test.ts: a real uWSGI signs; what is forged, altered, old or repeated changes nothing, also
// after a restart. Its packets pass through the test, which keeps them.
import { execFileSync } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../../support/processes.ts'
import { type Announcer, announcer, get } from '../../support/subscribing.ts'
import type { Test } from '../../support/tmp.ts'
import { startUwsgi } from '../../support/uwsgi.ts'
import { appThatSays, freshPlace, HOST, type House, isServed, startHouse } from './house.ts'

interface Way {
  readonly port: number
  /** As uWSGI sent them, oldest first. */
  readonly packets: Buffer[]
}

// Passes datagrams on to Sluice, and keeps them.
async function listenBetween(t: Test, to: number): Promise<Way> {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  const packets: Buffer[] = []
  socket.on('message', bytes => {
    packets.push(bytes)
    socket.send(bytes, to, '127.0.0.1')
  })
  return { port: socket.address().port, packets }
}

function makeKeys(directory: string): { secret: string; trusted: string } {
  const trusted = join(directory, 'trusted')
  mkdirSync(trusted)
  const secret = join(directory, 'secret.pem')
  const rsa = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
  execFileSync('openssl', ['genpkey', ...rsa, '-out', secret], { stdio: 'ignore' })
  execFileSync('openssl', ['pkey', '-in', secret, '-pubout', '-out', join(trusted, `${HOST}.pem`)])
  return { secret, trusted }
}

t.test('signed by uWSGI it serves from all gateways; what others make of its packets is refused', async t => {
  const place = await freshPlace(t)
  const { secret, trusted } = makeKeys(place.cwd)
  const start = (): Promise<House> =>
    startHouse(t, `subscriptions-sign-check = SHA256:${trusted}\nhttp-processes = 3`, place)
  const first = await start()
  const way = await listenBetween(t, place.port)
  const uwsgi = await startUwsgi(t, {
    app: appThatSays('signed'),
    args: [
      '--master',
      `--subscribe-to=127.0.0.1:${way.port}:${HOST},0,SHA256:${secret}`,
      '--subscribe-freq=1',
    ],
  })
  await until('it serves', () => isServed(first))
  const statuses = await Promise.all(
    Array.from({ length: 30 }, async () => (await get(first.sluice.url, HOST)).status),
  )
  t.ok(
    statuses.every(status => status === 200),
    'whichever gateway is asked',
  )

  // The log has one line a minute of each source.
  const strangers = await Promise.all([2, 3, 4].map(last => announcer(t, place.port, `127.0.0.${last}`)))
  const [unsigned, altering, lying] = strangers as [Announcer, Announcer, Announcer]
  await unsigned.say({ key: HOST, address: '127.0.0.1:9', proto: null })
  await first.sluice.logged(/it is not signed/)
  const known = way.packets.at(-1)!
  const altered = Buffer.from(known)
  altered[3] = 1 // the command is not signed: an unsubscribe now
  await altering.send(altered)
  await first.sluice.logged(/one that was signed as late or later came before/)
  const elsewhere = Buffer.from(known)
  elsewhere.write('2', elsewhere.indexOf('127.0.0.1') + 8) // the address is
  await lying.send(elsewhere)
  await first.sluice.logged(/its signature does not fit/)
  t.ok(await isServed(first), 'it still serves')

  await uwsgi.stop()
  await until('it left', async () => !(await isServed(first)))
  await first.sluice.stop('SIGTERM')
  const second = await start()
  for (const packet of way.packets) await unsigned.send(packet)
  await second.sluice.logged(/one that was signed as late or later came before/)
  t.equal((await get(second.sluice.url, HOST)).status, 503, 'nothing that was said before counts again')
})
