// certs/manage/read.ts: reads a certificate with its key from files and refuses what could not serve.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

export interface CertificatePair {
  /** PEM of the certificate and its chain. */
  readonly cert: string
  /** PEM of the private key. Never logged. */
  readonly key: string
  /** Worth a warning: it ended, begins later, or ends within {@link SOON_DAYS}. */
  readonly warnings: readonly string[]
}

/** Why a file cannot be used; sentences without their full stop. */
export interface CertificateProblem {
  readonly problem: string
  readonly remedy: string
}

/** Fewer days than this left are worth a warning at start. */
export const SOON_DAYS = 14
const DAY_MS = 86_400_000

/** @param now milliseconds since 1970, for the warnings about its dates */
export function readCertificate(
  certFile: string,
  keyFile: string,
  now = Date.now(),
): CertificatePair | CertificateProblem {
  const cert = readPem(certFile, 'certificate')
  if (typeof cert !== 'string') return cert
  const keyText = readPem(keyFile, 'key')
  if (typeof keyText !== 'string') return keyText
  const leaf = parseCertificate(cert, certFile)
  if ('problem' in leaf) return leaf
  const key = parseKey(keyText, keyFile)
  if ('problem' in key) return key
  if (!leaf.checkPrivateKey(key)) {
    return {
      problem: `the key in ${keyFile} does not belong to the first certificate in ${certFile}`,
      remedy:
        "Give the key the certificate was made for; the server's own certificate comes first in its file",
    }
  }
  return { cert, key: keyText, warnings: dateWarnings(leaf, certFile, now) }
}

/** Reads the PEM of the CA that client certificates must come from. */
export function readClientCa(file: string): string | CertificateProblem {
  const pem = readPem(file, 'CA certificate')
  if (typeof pem !== 'string') return pem
  const ca = parseCertificate(pem, file)
  return 'problem' in ca ? ca : pem
}

/** @returns null when OpenSSL accepts the list */
export function cipherProblem(ciphers: string): CertificateProblem | null {
  try {
    createSecureContext({ ciphers })
    return null
  } catch {
    return {
      problem: `OpenSSL knows none of the ciphers "${ciphers}"`,
      remedy: 'See "openssl ciphers" for the names',
    }
  }
}

function readPem(file: string, what: string): string | CertificateProblem {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: `user ${process.getuid?.()} may not read it`,
      EISDIR: 'it is a directory',
    }
    const reason = reasons[code ?? ''] ?? message
    return {
      problem: `the ${what} ${file} cannot be read: ${reason}`,
      remedy: 'Check the path and its permissions',
    }
  }
}

function parseCertificate(pem: string, file: string): X509Certificate | CertificateProblem {
  try {
    return new X509Certificate(pem)
  } catch {
    const isKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)
    return {
      problem: `${file} holds no certificate in PEM form${isKey ? ', but a key' : ''}`,
      remedy: isKey
        ? 'Write the certificate first, then the key'
        : 'It must have a block "-----BEGIN CERTIFICATE-----"',
    }
  }
}

function parseKey(pem: string, file: string): KeyObject | CertificateProblem {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    return {
      problem: `the key in ${file} is encrypted`,
      remedy: `Nobody can type its password at start: decrypt it with "openssl pkey -in ${file} -out NEWFILE"`,
    }
  }
  try {
    return createPrivateKey(pem)
  } catch {
    return {
      problem: `${file} holds no private key in PEM form`,
      remedy: 'It must have a block "-----BEGIN PRIVATE KEY-----"',
    }
  }
}

function dateWarnings(leaf: X509Certificate, file: string, now: number): string[] {
  const from = Date.parse(leaf.validFrom)
  const to = Date.parse(leaf.validTo)
  if (now > to) return [`the certificate ${file} ended on ${day(to)}`]
  if (now < from) return [`the certificate ${file} begins on ${day(from)} only`]
  if (now > to - SOON_DAYS * DAY_MS) return [`the certificate ${file} ends on ${day(to)}`]
  return []
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
