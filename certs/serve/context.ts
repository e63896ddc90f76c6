// certs/serve/context.ts: the TLS settings of a listener, from its picture.
import type { TlsOptions } from 'node:tls'
import type { TlsPicture } from '../../base/picture.ts'

/** A list of ciphers of one's own also means that the server's order counts, as in uWSGI. */
export function tlsOptions(picture: TlsPicture): TlsOptions {
  return {
    cert: picture.cert,
    key: picture.key,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    ...(picture.ciphers === '' ? {} : { ciphers: picture.ciphers, honorCipherOrder: true }),
    ...(picture.clientCa === '' ? {} : { ca: picture.clientCa, requestCert: true, rejectUnauthorized: true }),
  }
}
