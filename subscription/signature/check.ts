// subscription/signature/check.ts: whether the holder of a private key signed what a packet says.
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Signature } from '../packet/announcement.ts'
import { type Problem, wrong } from '../problem.ts'
import type { Digest } from './digests.ts'

const FEWEST_RSA_BITS = 1024

/** Reads a public key. RSA is checked by RSASSA-PKCS1-v1_5, EC by ECDSA in DER, as OpenSSL's EVP_Sign makes them. */
export function readPublicKey(pem: string): KeyObject | Problem {
  const key = tryKey(pem)
  if (key === null)
    return wrong(
      'it is not a public key in PEM',
      'Make it by openssl pkey -in private.pem -pubout -out KEY.pem',
    )
  const bits = key.asymmetricKeyDetails?.modulusLength ?? FEWEST_RSA_BITS
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec')
    return wrong(`it is a key of the kind "${key.asymmetricKeyType}"`, 'Use an RSA or an EC key')
  if (bits < FEWEST_RSA_BITS)
    return wrong(`it is an RSA key of ${bits} bits`, 'Make one of 2048 bits or more')
  return key
}

/** @returns which of the digests it was made with; null: with none of them, or by another key */
export function checkSignature(
  signature: Signature,
  key: KeyObject,
  digests: readonly Digest[],
): Digest | null {
  return digests.find(digest => fits(digest, signature, key)) ?? null
}

// Some pairs of key and digest make OpenSSL fail instead of saying no: a short RSA key holds no SHA-512.
function fits(digest: Digest, signature: Signature, key: KeyObject): boolean {
  try {
    return verify(digest, signature.covered, key, signature.sign)
  } catch {
    return false
  }
}

// A private key would be read as its public half, but has no place in that directory.
function tryKey(pem: string): KeyObject | null {
  if (!pem.includes('-----BEGIN PUBLIC KEY-----') || pem.includes('PRIVATE KEY-----')) return null
  try {
    return createPublicKey(pem)
  } catch {
    return null
  }
}
