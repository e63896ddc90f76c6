// test/subscription/signature/keys.ts: pairs of keys as PEM, made for the tests that need one.
import { generateKeyPairSync } from 'node:crypto'

export interface Pair {
  readonly publicPem: string
  readonly privatePem: string
}

const PEM = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const

export function rsaPair(bits = 2_048): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits, ...PEM })
  return { publicPem: publicKey, privatePem: privateKey }
}

export function ecPair(curve = 'P-256'): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve, ...PEM })
  return { publicPem: publicKey, privatePem: privateKey }
}

export function edPair(): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519', PEM)
  return { publicPem: publicKey, privatePem: privateKey }
}
