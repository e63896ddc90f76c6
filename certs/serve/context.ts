// certs/serve/context.ts: the TLS settings of a listener, from its picture.
import type { TLSSocket, TlsOptions } from 'node:tls'
import type { TlsPicture } from '../../base/picture.ts'

/** A list of ciphers of one's own also means that the server's order counts, as in uWSGI. */
export function tlsOptions(picture: TlsPicture): TlsOptions {
  return {
    cert: picture.cert,
    key: picture.key,
    minVersion: 'TLSv1.2',
    // Who offers others only is told so; curl --http1.0 offers the second alone.
    ALPNProtocols: ['http/1.1', 'http/1.0'],
    ...(picture.ciphers === '' ? {} : { ciphers: picture.ciphers, honorCipherOrder: true }),
    ...(picture.clientCa === ''
      ? {}
      : { ca: picture.clientCa, requestCert: true, rejectUnauthorized: picture.clientCertRequired }),
  }
}

/** Whether a client may stay: where a certificate is optional, Node lets in those whose certificate is worth nothing, too. */
export function isAcceptable(socket: TLSSocket, picture: TlsPicture): boolean {
  if (picture.clientCa === '' || socket.authorized) return true
  return !picture.clientCertRequired && socket.getPeerCertificate()?.raw === undefined
}
