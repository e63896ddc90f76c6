// bench/site.ts: what all gateways serve: five hosts, each with its own backend, and a certificate for them.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a gateway can tell them apart, each has a backend of its own; all lead to the one node. */
export const HOSTS = [1, 2, 3, 4, 5].map(number => `shop${number}.example`)
/** The one that clients ask for: neither the first nor the last to be looked at. */
export const HOST = HOSTS[2]!

export interface Certificate {
  readonly certificate: string
  readonly key: string
  /** One file with both, as HAProxy wants it. */
  readonly both: string
}

/** Makes a certificate of its own making with a P-256 key, for a few days. @returns names of files in `directory` */
export function makeCertificate(directory: string): Certificate {
  const files = {
    certificate: join(directory, 'certificate.pem'),
    key: join(directory, 'key.pem'),
    both: join(directory, 'both.pem'),
  }
  const names = HOSTS.map(host => `DNS:${host}`).join()
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '7']
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=${names}`]
  const target = ['-keyout', files.key, '-out', files.certificate]
  execFileSync('openssl', ['req', ...kind, ...subject, ...target], { stdio: 'ignore' })
  writeFileSync(files.both, readFileSync(files.certificate, 'utf8') + readFileSync(files.key, 'utf8'))
  return files
}
