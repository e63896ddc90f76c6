// test/certs/manage/read.test.ts: certificates from files: what is taken, what is warned about. What is refused, and in
// which words, is in test/bin/commands.test.ts.
import { join } from 'node:path'
import t from 'tap'
import { type CertificatePair, cipherProblem, readCertificate } from '../../../certs/manage/read.ts'
import { makeSelfSigned, VALID_DAYS } from '../../../certs/manage/self-signed.ts'
import { freshDirectory } from '../../support/sluice.ts'

const DAY_MS = 86_400_000

t.test('a chain of certificates is read by its first', async t => {
  const [own, issuer] = [await makeSelfSigned(), await makeSelfSigned()]
  const directory = freshDirectory(t, { 'chain.pem': own.cert + issuer.cert, 'key.pem': own.key })
  const pair = readCertificate(join(directory, 'chain.pem'), join(directory, 'key.pem')) as CertificatePair
  t.same(pair, { cert: own.cert + issuer.cert, key: own.key, warnings: [] })
})

t.test('certificate and key may share a file', async t => {
  const { cert, key } = await makeSelfSigned()
  const file = join(freshDirectory(t, { 'both.pem': key + cert }), 'both.pem')
  t.same((readCertificate(file, file) as CertificatePair).warnings, [])
})

t.test('dates that clients will refuse, or soon will, are warned about', async t => {
  const { cert, key } = await makeSelfSigned()
  const file = join(freshDirectory(t, { 'both.pem': cert + key }), 'both.pem')
  for (const [days, warning] of [
    [0, undefined],
    [VALID_DAYS - 10, /ends on \d{4}-\d\d-\d\d$/],
    [VALID_DAYS + 1, /ended on \d{4}-\d\d-\d\d$/],
    [-3, /begins on \d{4}-\d\d-\d\d only$/],
  ] as const) {
    const { warnings } = readCertificate(file, file, Date.now() + days * DAY_MS) as CertificatePair
    if (warning) t.match(warnings[0], warning)
    else t.same(warnings, [])
  }
})

t.test('a list of ciphers is good when OpenSSL knows one of them', async t => {
  t.equal(cipherProblem('ECDHE-RSA-AES128-GCM-SHA256:!aNULL'), null)
  t.match(cipherProblem('NONE-OF-THESE'), { problem: /knows none of the ciphers/ })
})
