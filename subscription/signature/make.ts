// subscription/signature/make.ts: signs announcements as uWSGI does, so that its routers and ours believe them.
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { type Problem, wrong } from '../problem.ts'
import type { Digest } from './digests.ts'

/** @returns the signature of the bytes it is given; of an EC key another one each time */
export type Signer = (covered: Buffer) => Buffer

/**
 * @param pem a private key without passphrase: PKCS#8, PKCS#1 (RSA) or SEC1 (EC)
 * @returns a signer that works, tried once; else why there is none
 */
export function makeSigner(digest: Digest, pem: string): Signer | Problem {
  if (/ENCRYPTED/.test(pem))
    return wrong('the private key has a passphrase', 'Remove it: openssl pkey -in old.pem -out new.pem')
  const key = tryKey(pem)
  if (key === null) return wrong('it is not a private key in PEM', 'Make one by openssl genpkey')
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec')
    return wrong(`it is a key of the kind "${key.asymmetricKeyType}"`, 'Use an RSA or an EC key')
  const signer: Signer = covered => sign(digest, covered, key)
  try {
    signer(Buffer.from('tried'))
    return signer
  } catch {
    return wrong(`the key is too short to sign with ${digest}`, 'Make one of 2048 bits or more')
  }
}

function tryKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem)
  } catch {
    return null
  }
}
