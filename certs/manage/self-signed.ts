// certs/manage/self-signed.ts: a certificate of our own, so that HTTPS can be tried before a real one exists.
import { randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type CertificatePair, type CertificateProblem, readCertificate } from './read.ts'

/** The longest life that browsers grant; renewed at a start within {@link RENEW_DAYS} of its end. */
export const VALID_DAYS = 397
const RENEW_DAYS = 30
/** Its name in the state directory. */
export const SELF_SIGNED_FILE = 'self-signed.pem'
const DAY_MS = 86_400_000

export interface SelfSigned extends CertificatePair {
  readonly file: string
  /** Made now: those who trusted the old one must look again. */
  readonly isNew: boolean
}

/**
 * The self-signed certificate kept in `directory` (which exists), made or renewed where needed, for localhost, this machine's
 * name, 127.0.0.1 and ::1.
 */
export async function selfSigned(
  directory: string,
  now = Date.now(),
): Promise<SelfSigned | CertificateProblem> {
  const file = join(directory, SELF_SIGNED_FILE)
  const kept = existsSync(file) ? readCertificate(file, file, now) : null
  if (kept && 'cert' in kept && isLasting(kept.cert, now)) return { ...kept, file, isNew: false }
  const { cert, key } = await makeSelfSigned(now)
  const text = cert + key
  try {
    writeWhole(file, text)
  } catch (error) {
    return {
      problem: `the self-signed certificate cannot be written: ${(error as Error).message}`,
      remedy: 'Make the directory writable, or name another one in STATE_DIRECTORY',
    }
  }
  // As it is read the next time: a reload that compares the two finds nothing new.
  return { cert: text, key: text, file, isNew: true, warnings: [] }
}

/** ECDSA on P-256, as every client of today reads it. */
export async function makeSelfSigned(now = Date.now()): Promise<{ cert: string; key: string }> {
  await import('./reflect.ts')
  const x509 = await import('@peculiar/x509')
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const names = new Set(['localhost', hostname()].filter(isDnsName))
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `00${randomBytes(15).toString('hex')}`, // positive, 120 random bits
    name: 'CN=localhost, O=Sluice self-signed',
    notBefore: new Date(now - DAY_MS), // clients' clocks may be slow
    notAfter: new Date(now + (VALID_DAYS - 1) * DAY_MS),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...[...names].map(value => ({ type: 'dns' as const, value })),
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  })
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, '$&\n').trim()}\n-----END PRIVATE KEY-----\n`
  return { cert: `${certificate.toString('pem').trim()}\n`, key }
}

function isLasting(cert: string, now: number): boolean {
  return Date.parse(new X509Certificate(cert).validTo) > now + RENEW_DAYS * DAY_MS
}

function isDnsName(name: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(name)
}

// Certificate and key in one file and one rename: two starts at once cannot leave halves of two pairs. Root may do this in
// a directory of the user that it becomes: a name that cannot be guessed, and never through a link.
function writeWhole(file: string, text: string): void {
  const draft = `${file}.${randomBytes(8).toString('hex')}`
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  renameSync(draft, file)
}
