// subscription/signature/digests.ts: DIGEST:PLACE, as subscriptions-sign-check and subscribe-to write it.
import { type Problem, wrong } from '../problem.ts'

/** In the spelling of node:crypto. */
export type Digest = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'

const DIGESTS: readonly Digest[] = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512']
// Each is tried on a packet that fits none before.
const MOST_DIGESTS = 4

/** What subscriptions-sign-check asks for. */
export interface SignCheck {
  /** Any of these will do; tried in this order. */
  readonly digests: readonly Digest[]
  /** Holds a PEM file for each key, see {@link keyFileNames}. As written. */
  readonly directory: string
  /** What an operator should know, without a full stop; '' for nothing. */
  readonly warning: string
}

/** With which digest and private key an announcement is signed. */
export interface SignWith {
  readonly digest: Digest
  readonly file: string
  readonly warning: string
}

/** Reads `DIGEST:DIR`, or `DIGEST,DIGEST:DIR` (ours: a fleet moves from one to the other). */
export function parseSignCheck(text: string): SignCheck | Problem {
  const split = splitPlace(text, 'SHA256:/etc/sluice/subscribers')
  if ('problem' in split) return split
  const digests: Digest[] = []
  for (const name of split.digests.split(',')) {
    const digest = digestOf(name)
    if (digest === null) return unknownDigest(name)
    if (!digests.includes(digest)) digests.push(digest)
  }
  if (digests.length > MOST_DIGESTS)
    return wrong(`${digests.length} digests are too many`, `Name at most ${MOST_DIGESTS}`)
  return { digests, directory: split.place, warning: warningOf(digests) }
}

/** Reads `DIGEST:FILE`. */
export function parseSignWith(text: string): SignWith | Problem {
  const split = splitPlace(text, 'SHA256:/etc/sluice/private.pem')
  if ('problem' in split) return split
  const digest = digestOf(split.digests)
  if (digest === null) return unknownDigest(split.digests)
  return { digest, file: split.place, warning: warningOf([digest]) }
}

function splitPlace(text: string, example: string): { digests: string; place: string } | Problem {
  const colon = text.indexOf(':')
  const digests = text.slice(0, Math.max(colon, 0)).trim()
  const place = text.slice(colon + 1).trim()
  if (digests === '' || place === '')
    return wrong(`"${text}" does not name a digest and a place`, `Write both, such as ${example}`)
  return { digests, place }
}

// OpenSSL takes any case, and a name before or a dash inside: SHA256, sha-256, RSA-SHA256.
function digestOf(name: string): Digest | null {
  const plain = name.trim().toLowerCase().replace(/^rsa-/, '').replace(/^sha-/, 'sha')
  return DIGESTS.find(digest => digest === plain) ?? null
}

function unknownDigest(name: string): Problem {
  return wrong(`"${name.trim()}" is not a digest to sign with`, 'Write SHA256, SHA384 or SHA512')
}

function warningOf(digests: readonly Digest[]): string {
  return digests.includes('sha1')
    ? 'SHA1 can be forged by who spends enough: let the subscribers sign with SHA256, then remove it'
    : ''
}
