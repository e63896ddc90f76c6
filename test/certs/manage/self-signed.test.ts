// test/certs/manage/self-signed.test.ts: the certificate of our own making.
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeSelfSigned, type SelfSigned, selfSigned, VALID_DAYS } from '../../../certs/manage/self-signed.ts'
import { freshDirectory } from '../../support/sluice.ts'

const DAY_MS = 86_400_000

t.test('names this machine in every way that people type', async t => {
  const certificate = new X509Certificate((await makeSelfSigned()).cert)
  for (const name of ['localhost', hostname()]) t.equal(certificate.checkHost(name), name)
  for (const address of ['127.0.0.1', '::1']) t.ok(certificate.checkIP(address), address)
  t.notOk(certificate.checkHost('example.com'))
  t.notOk(certificate.ca)
})

t.test('lives as long as browsers allow and began yesterday, for clocks that are slow', async t => {
  const now = Date.parse('2026-05-05T12:00:00Z')
  const certificate = new X509Certificate((await makeSelfSigned(now)).cert)
  t.equal(Date.parse(certificate.validFrom), now - DAY_MS)
  t.equal(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom), VALID_DAYS * DAY_MS)
})

t.test('is made once, kept, and readable by its owner alone', async t => {
  const directory = freshDirectory(t)
  const first = (await selfSigned(directory)) as SelfSigned
  const second = (await selfSigned(directory)) as SelfSigned
  t.same([first.isNew, second.isNew], [true, false])
  t.equal(new X509Certificate(second.cert).fingerprint256, new X509Certificate(first.cert).fingerprint256)
  t.equal(statSync(first.file).mode & 0o777, 0o600)
  t.same(readdirSync(directory), ['self-signed.pem'], 'no draft is left')
})

t.test('is renewed before it ends', async t => {
  const directory = freshDirectory(t)
  await selfSigned(directory)
  const later = Date.now() + (VALID_DAYS - 25) * DAY_MS
  t.equal(((await selfSigned(directory, later)) as SelfSigned).isNew, true)
})

t.test('a damaged file is replaced', async t => {
  const directory = freshDirectory(t)
  const file = join(directory, 'self-signed.pem')
  writeFileSync(file, 'half a')
  t.equal(((await selfSigned(directory)) as SelfSigned).isNew, true)
  t.match(readFileSync(file, 'utf8'), /BEGIN CERTIFICATE.*BEGIN PRIVATE KEY/s)
})

t.test('a directory that cannot be written is a problem, not a crash', async t => {
  t.match(await selfSigned('/proc/none'), { problem: /cannot be written: / })
})
