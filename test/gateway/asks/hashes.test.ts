// test/gateway/asks/hashes.test.ts: passwords against hashes that other programs made.
import t from 'tap'
import { checkHash } from '../../../gateway/asks/hashes/check.ts'
import { kindOf } from '../../../gateway/asks/hashes/kinds.ts'

const LONG = 'pässwörd und noch viel mehr davon, damit es über jede Blockgrenze geht: 0123456789'

// By crypt(3) of glibc, `openssl passwd` and `openssl sha1`.
const MADE = [
  ['sha1', 'open sesame', '{SHA}W8r/fyL/UzygmbNAjq2HbA67qac='],
  ['des', 'open sesame', 'k9UGODP1plsbY'],
  ['des', 'pässwörd', 'abzp3RXJm5gNA'],
  ['md5', 'open sesame', '$1$deadbeef$ABeWDk1o5yJTHYnLJo3jw/'],
  ['md5', 'pässwörd', '$1$ab$bRZzLnQPD1ql12pSoshc71'],
  ['md5', 'open sesame', '$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.'],
  ['sha256', 'open sesame', '$5$rounds=1000$short$Kk7ohoyGvftTn/.KBnemx/RQPUGwRWw1jSQlCWGfKQB'],
  ['sha256', 'open sesame', '$5$sixteenbyteslong$TGiYGbYlcOlBKhfxTfg40F4swXULQUMqTfsMwCM7lSC'],
  [
    'sha512',
    'open sesame',
    '$6$abcdefghijklmnop$ZeRt9WAWsXqI2sYEefoDhOsOt.Unaz4cnVualhcF6kzBKBCwJBzK2hHbgwR7956aV1klYIb/4UoLodpp0pCFV/',
  ],
  [
    'sha512',
    'open sesame',
    '$6$rounds=1500$xy$KLZdtWBXqd0PZXG8SEVdnKwIO/PGZlY9mYs8.7ktedDO6TMPEAYbvNyqKRs/VO/1RvgkBO.ehp1urS0bLmCcu/',
  ],
  [
    'sha512',
    LONG,
    '$6$ab$Plh7sMn1xNxPD4LBb.6M6NOPiF4sYlGWmd.l4ASTCGBPufu3qlGTyjlGxoWonOENnI9Olb./v/b4m1VtYzbPq.',
  ],
  ['bcrypt', 'open sesame', '$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW'],
  ['bcrypt', 'open sesame', '$2a$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW'],
  ['bcrypt', 'open sesame', '$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW'],
] as const

// As a request brings them: UTF-8, one character a byte.
const sent = (password: string): string => Buffer.from(password).toString('latin1')

for (const [kind, password, hash] of MADE) {
  t.test(`${hash.slice(0, 12)}… lets in its password alone`, async t => {
    t.equal(kindOf(hash), kind)
    t.equal(checkHash(hash, sent(password)), true)
    // DES reads eight bytes.
    const alike = kind === 'des' ? [] : [password.slice(0, -1), `${password}x`]
    for (const wrong of ['', 'x', `x${password}`, `${password.slice(0, 3)}X`, `${password}\0`, ...alike])
      t.equal(checkHash(hash, sent(wrong)), false, JSON.stringify(wrong))
  })
}

for (const [why, hash] of [
  ['plain text', 'secret'],
  ['another scheme', '$y$j9T$abc$def'],
  ['a digest cut short', '$1$deadbeef$ABeWDk1o5yJTHYnLJo3jw'],
  ['a cost that takes minutes', '$2y$20$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW'],
  ['rounds that take minutes', '$5$rounds=999999999$short$Kk7ohoyGvftTn/.KBnemx/RQPUGwRWw1jSQlCWGfKQB'],
  ['nothing', ''],
] as const) {
  t.test(`${why} is no hash, and lets nobody in`, async t => {
    t.equal(kindOf(hash), null)
    t.equal(checkHash(hash, hash), false)
  })
}

t.test('bytes that are no UTF-8 do not become another password on their way to bcrypt', async t => {
  const ofReplacement = '$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW'
  t.equal(checkHash(ofReplacement, '\xff\xfe'), false)
})
