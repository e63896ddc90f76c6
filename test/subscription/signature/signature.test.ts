// test/subscription/signature/signature.test.ts: who signed what: as uWSGI signs, with any of several digests, RSA and EC.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import t, { type Test } from 'tap'
import { readPacket } from '../../../subscription/packet/read.ts'
import { writePacket } from '../../../subscription/packet/write.ts'
import { checkSignature, readPublicKey } from '../../../subscription/signature/check.ts'
import { type Digest, parseSignCheck, parseSignWith } from '../../../subscription/signature/digests.ts'
import { keyFileNames } from '../../../subscription/signature/key-file.ts'
import { makeSigner } from '../../../subscription/signature/make.ts'
import { announcement } from '../packet/samples.ts'
import { bytesOf, CAPTURED, PUBLIC_KEY } from '../packet/vectors.ts'
import { ecPair, edPair, type Pair, rsaPair } from './keys.ts'

const RSA = rsaPair()
const EC = ecPair()
const NOW_S = 1_795_000_000

for (const captured of CAPTURED.filter(({ signature }) => signature !== undefined)) {
  const digest = captured.signature!.digest.toLowerCase() as Digest
  t.test(`${captured.name}: the signature of a real uWSGI fits`, async t => {
    const key = keyOf(t, PUBLIC_KEY)
    t.equal(checkSignature(signatureOf(bytesOf(captured)), key, ['sha384', digest]), digest)
    t.equal(checkSignature(signatureOf(bytesOf(captured)), key, ['sha512']), null, 'with that digest only')
    t.equal(checkSignature(signatureOf(bytesOf(captured)), keyOf(t, RSA.publicPem), [digest]), null)
  })

  t.test(`${captured.name}: a byte changed anywhere behind the header, and it fits no more`, async t => {
    const key = keyOf(t, PUBLIC_KEY)
    const whole = bytesOf(captured)
    for (let at = 4; at < whole.length; at += 7) {
      const altered = Buffer.from(whole)
      altered[at]! ^= 1
      const packet = readPacket(altered)
      if (packet.kind === 'refused' || packet.signature === null) continue
      if (checkSignature(packet.signature, key, [digest]) !== null) t.fail(`byte ${at}`)
    }
    t.pass('nowhere')
  })
}

t.test('the command is not covered: that is what replay.ts is for', async t => {
  const flipped = bytesOf(CAPTURED.find(({ name }) => name === 'signed-sha256-subscribe')!)
  flipped[3] = 1
  t.equal(checkSignature(signatureOf(flipped), keyOf(t, PUBLIC_KEY), ['sha256']), 'sha256')
})

for (const [kind, pair] of [
  ['RSA', RSA],
  ['EC', EC],
  ['EC of 521 bits', ecPair('P-521')],
  ['RSA in PKCS#1', pkcs1(RSA)],
  ['EC in SEC1', sec1(EC)],
] as const) {
  for (const digest of ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const) {
    t.test(`${kind} with ${digest}: what is signed is believed`, async t => {
      const signed = sign(pair, digest)
      t.equal(checkSignature(signed, keyOf(t, pair.publicPem), ['sha1', digest]), digest)
    })
  }
}

t.test('a key too short for its digest says no, and does not throw', async t => {
  const short = rsaPair(1_024)
  const other = sign(RSA, 'sha512')
  t.equal(checkSignature(other, keyOf(t, short.publicPem), ['sha512']), null)
  t.equal(checkSignature({ ...other, sign: Buffer.alloc(0) }, keyOf(t, RSA.publicPem), ['sha512']), null)
  t.match(makeSigner('sha512', rsaPair(512).privatePem), { problem: /too short to sign with sha512/ })
})

for (const [what, pem, problem] of [
  ['nothing', '', /not a public key/],
  ['garbage', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', /not a public key/],
  ['a private key', RSA.privatePem, /not a public key/],
  ['Ed25519', edPair().publicPem, /"ed25519"/],
  ['RSA of 512 bits', rsaPair(512).publicPem, /512 bits/],
] as const) {
  t.test(`${what} checks nothing`, async t => {
    t.match(readPublicKey(pem), { problem, remedy: /./ })
  })
}

for (const [what, pem, problem] of [
  ['nothing', '', /not a private key/],
  ['a public key', RSA.publicPem, /not a private key/],
  ['Ed25519', edPair().privatePem, /"ed25519"/],
  ['a passphrase', encrypted(RSA), /passphrase/],
] as const) {
  t.test(`${what} signs nothing`, async t => {
    t.match(makeSigner('sha256', pem), { problem, remedy: /./ })
  })
}

for (const [text, digests, directory] of [
  ['SHA1:/etc/keys', ['sha1'], '/etc/keys'],
  ['sha256:keys', ['sha256'], 'keys'],
  ['SHA-512:/a:b', ['sha512'], '/a:b'],
  ['RSA-SHA256:/k', ['sha256'], '/k'],
  ['SHA256, SHA1,sha256:/k', ['sha256', 'sha1'], '/k'],
] as const) {
  t.test(`subscriptions-sign-check = ${text}`, async t => {
    t.match(parseSignCheck(text), { digests, directory })
  })
}

for (const text of [
  '',
  'SHA256',
  ':/k',
  'SHA256:',
  'MD5:/k',
  'SHA256,:/k',
  'sha1,sha224,sha256,sha384,sha512:/k',
]) {
  t.test(`subscriptions-sign-check = "${text}" is wrong`, async t => {
    t.match(parseSignCheck(text), { problem: /./, remedy: /./ })
  })
}

t.test('SHA1 is told as a warning, on both sides', async t => {
  t.match(parseSignCheck('SHA256,SHA1:/k'), { warning: /SHA1 can be forged/ })
  t.match(parseSignCheck('SHA256:/k'), { warning: '' })
  t.match(parseSignWith('SHA1:/k.pem'), { digest: 'sha1', file: '/k.pem', warning: /SHA1/ })
  t.match(parseSignWith('SHA256,SHA1:/k.pem'), { problem: /./ })
})

for (const [key, names] of [
  ['test.it:8000', ['test.it_8000.pem']],
  ['a-b_c.example', ['a-b_c.example.pem']],
  ['Shop.Example', ['Shop.Example.pem', 'shop.example.pem']],
  ['shop.example/cart', ['shop.example.pem']],
  ['.example', ['.example.pem']],
  ['../../etc/x', ['...pem']],
  ['/x', ['_x.pem']],
  ['[::1]:80', ['___1__80.pem']],
] as const) {
  t.test(`the key ${key} is checked by ${names.join(' or ')}`, async t => {
    t.same(keyFileNames(key), names)
  })
}

function sign({ privatePem }: Pair, digest: Digest) {
  const signer = makeSigner(digest, privatePem)
  if (typeof signer !== 'function') throw new Error(signer.problem)
  return signatureOf(writePacket(announcement(), { nowS: NOW_S, sign: signer }))
}

function signatureOf(bytes: Buffer) {
  const packet = readPacket(bytes)
  if (packet.kind === 'refused' || packet.signature === null) throw new Error('unsigned')
  return packet.signature
}

function keyOf(t: Test, pem: string): KeyObject {
  const key = readPublicKey(pem)
  if ('problem' in key) throw new Error(key.problem)
  t.equal(key.type, 'public')
  return key
}

function pkcs1({ publicPem, privatePem }: Pair): Pair {
  const text = createPrivateKey(privatePem).export({ type: 'pkcs1', format: 'pem' }) as string
  return { publicPem, privatePem: text }
}

function sec1({ publicPem, privatePem }: Pair): Pair {
  const text = createPrivateKey(privatePem).export({ type: 'sec1', format: 'pem' }) as string
  return { publicPem, privatePem: text }
}

function encrypted({ privatePem }: Pair): string {
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const
  return createPrivateKey(privatePem).export(options) as string
}
