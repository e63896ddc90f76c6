// certs/serve/context.ts: the TLS settings of a listener, from its picture.
import type { TLSSocket, TlsOptions } from 'node:tls'
import type { TlsPicture } from '../../base/picture.ts'

// What every client of TLS 1.3 has (RFC 8446 section 9.1). Node puts AES-256 first, whose handshake hashes by SHA-384: some
// 5 % more of a handshake for strength that nobody can use.
const FIRST = 'TLS_AES_128_GCM_SHA256'

/** The server's order of ciphers counts, as in uWSGI with a list of one's own. */
export function tlsOptions(picture: TlsPicture): TlsOptions {
  return {
    cert: picture.cert,
    key: picture.key,
    minVersion: 'TLSv1.2',
    // Who offers others only is told so; curl --http1.0 offers the second alone.
    ALPNProtocols: ['http/1.1', 'http/1.0'],
    ciphers: picture.ciphers === '' ? ourCiphers() : picture.ciphers,
    honorCipherOrder: true,
    ...(picture.clientCa === ''
      ? {}
      : { ca: picture.clientCa, requestCert: true, rejectUnauthorized: picture.clientCertRequired }),
  }
}

function ourCiphers(): string {
  const { DEFAULT_CIPHERS } = process.getBuiltinModule('node:tls')
  return [FIRST, ...DEFAULT_CIPHERS.split(':').filter(name => name !== FIRST)].join(':')
}

/** Whether a client may stay: where a certificate is optional, Node lets in those whose certificate is worth nothing, too. */
export function isAcceptable(socket: TLSSocket, picture: TlsPicture): boolean {
  if (picture.clientCa === '' || socket.authorized) return true
  return !picture.clientCertRequired && socket.getPeerCertificate()?.raw === undefined
}
