// test/strictness/topics.ts: what Sluice does with the messages of each topic, and why: the words of docs/strictness.md.

export interface TopicText {
  readonly rule: string
  readonly why: string
}

/** By topic, in the order of the page. */
export const TOPICS: Readonly<Record<string, TopicText>> = {
  Length: {
    rule: 'Content-Length is one field of 1 to 15 digits. Signs, lists, repeats (even equal ones), other bytes and hidden spellings are refused with 400, and so are tabs around it or a blank behind it. A body is as long as it says, whatever the method and the path.',
    why: 'RFC 9110 8.6, RFC 9112 6.3. Who repairs a length may repair it otherwise than the node: the rest of the body is then a request that nobody checked (CL.0, 0.CL). uWSGI’s http router, for one, sees no length behind a tab.',
  },
  Coding: {
    rule: 'Transfer-Encoding is one field, the word "chunked" in any case and nothing else, in HTTP/1.1 only; blanks may stand before it, but no tab, and nothing behind it. Another coding is answered 501, a malformed field 400.',
    why: 'RFC 9112 6.1, RFC 9112 7. A disguise that one reader takes for "chunked" and another one does not is the oldest way to smuggle (TE.TE).',
  },
  'Length and coding together': {
    rule: 'Refused with 400, in whatever order and disguise.',
    why: 'RFC 9112 6.3 lets a proxy drop the length and go on. A node that believes the length sees other requests than we did (CL.TE, TE.CL).',
  },
  Chunks: {
    rule: 'Chunks pass unchanged, so each byte of their framing is checked: 1 to 12 hexadecimal digits, well-formed extensions of at most 1 KB, CRLF and no other line end, trailers of at most 8 KB, and no trailer that belongs in a head.',
    why: 'RFC 9112 7.1, RFC 9112 7.1.1, RFC 9112 7.1.2, RFC 9110 6.5.1. Lenient line ends and extensions let two readers find the next chunk in different places (TERM.EXT, EXT.TERM).',
  },
  Host: {
    rule: 'One Host, as name, IPv4 or [IPv6] with an optional port of 0 to 65535; no user, path, list, percent or empty port. Only HTTP/1.0 may do without.',
    why: 'RFC 9112 3.2, RFC 9110 7.2. Routing, caches and applications each cut an odd Host in their own way; they must all mean the same site.',
  },
  Target: {
    rule: 'A path and a query of visible ASCII, "*" for OPTIONS only; no fragment, no backslash in a path, no broken percent and no encoded NUL in it. What is well-formed passes as it was spelled.',
    why: 'RFC 9112 3.2, RFC 3986 3.3. A byte that ends the target early, or that some take for a slash, leads past rules that look at paths.',
  },
  'Absolute form': {
    rule: 'A whole URL must name the very authority of the Host field, and becomes the origin form for http nodes. In HTTP/1.0 without Host its authority becomes the Host.',
    why: 'RFC 9112 3.2.2. Of two hosts in one request the gateway routes by one and the application may believe the other.',
  },
  'Field syntax': {
    rule: 'Every field is "name: value" with a token as name, no blank before the colon, no folding, and CRLF behind it. Lone CR, lone LF, NUL and other controls are refused with 400, too many or too long fields with 431.',
    why: 'RFC 9112 2.2, RFC 9112 5, RFC 9112 5.2, RFC 9110 5.5. Each of these lets one reader see a field or an end of the head where another one sees none.',
  },
  'Hop by hop': {
    rule: 'Fields of the connection stop here, and so does what Connection names, unless framing, routing or identity depend on it. A Connection that is no list of tokens is refused.',
    why: 'RFC 9110 7.6.1. A client must not be able to take "X-Forwarded-For" or "Content-Length" out of the request by naming it.',
  },
  'Forged fields': {
    rule: 'Fields that say who the client is are removed unless the peer is a trusted proxy, then we add our own. So are "Proxy" and names with "_" that CGI cannot tell from those with "-".',
    why: 'RFC 7239 8.1, CVE-2016-5385, RFC 3875 4.1.18. Applications trust these fields because only a proxy can have written them.',
  },
  'Request line': {
    rule: 'Method, one blank, target, one blank, version. Empty lines in front are ignored, anything else is refused with 400 (414 for a long target).',
    why: 'RFC 9112 3, RFC 9112 2.2. Where the parts are found by guessing, two readers guess differently.',
  },
  Version: {
    rule: 'HTTP/1.0 and HTTP/1.1. Other versions are answered 505, what is no version 400. Nodes always get HTTP/1.1.',
    why: 'RFC 9110 15.6.6, RFC 9112 2.3. In HTTP/0.9 an answer has no head: what the node echoes could be one.',
  },
  Method: {
    rule: 'Any token of up to 32 letters passes. CONNECT and TRACE are answered 405, and nothing behind a CONNECT is read. OPTIONS spends Max-Forwards.',
    why: 'RFC 9110 9.3.6, RFC 9110 9.3.8, RFC 9110 7.6.2. We open no tunnels, and TRACE would show what we added.',
  },
  Expect: {
    rule: '"100-continue" is understood; anything else is answered 417. A body that was sent without waiting is body all the same.',
    why: 'RFC 9110 10.1.1. Servers differ in what they do with odd expectations, and some then take the body for a request.',
  },
  Upgrade: {
    rule: 'WebSocket by GET is the only upgrade that a node is told of. What comes behind it is read as nothing but the tunnel.',
    why: 'RFC 9110 7.8, RFC 9113 3.1. A tunnel to h2c carries requests that no rule of the gateway sees.',
  },
  Splitting: {
    rule: 'Requests in one packet are answered one by one; behind a refusal, a "Connection: close" or garbage nothing is read. A FIN behind requests does not take their answers away.',
    why: 'RFC 9112 9.3.2, RFC 9112 9.6. Bytes behind the end of one message must neither be lost nor be given to another one.',
  },
  'Answers: status line': {
    rule: '"HTTP/1.0" or "HTTP/1.1", a blank, three digits from 100 to 599, an optional reason. Else 502.',
    why: 'RFC 9112 4. What is no answer must not be shown as one.',
  },
  'Answers: fields': {
    rule: 'As strict as for requests, else 502.',
    why: 'RFC 9112 5, RFC 9110 5.5. An application that copies a line end into a field lets its visitors write answers (response splitting).',
  },
  'Answers: framing': {
    rule: 'One valid length, or "chunked", or the end of the connection. Anything doubtful is 502.',
    why: 'RFC 9112 6.3. A client that reads more or less than we did takes the rest for the next answer.',
  },
  'Answers: chunks': {
    rule: 'Checked as those of requests. A fault is 502, or a reset once bytes have left.',
    why: 'RFC 9112 7.1.',
  },
  'Answers: cut': {
    rule: 'A cut answer never looks whole: 502 before its first byte has left, a reset behind it.',
    why: 'RFC 9112 8. Half a file with a clean end is taken for the file, and is kept by caches.',
  },
  'Answers: excess bytes': {
    rule: 'Bytes behind an answer reach nobody, and the connection to the node is closed.',
    why: 'RFC 9112 6.3. On a kept connection they would be the next client’s answer.',
  },
  'Answers: without a body': {
    rule: 'To HEAD, and with 204 or 304, no body byte passes, whatever the fields say; the connection to a node that may send one is not used again.',
    why: 'RFC 9112 6.3, RFC 9110 15.3.5, RFC 9110 15.4.5.',
  },
  'Answers: interim': {
    rule: 'Up to 16 interim answers are passed on (not to HTTP/1.0, and 100 only to who waits for it), and none is taken for the answer. More are 502. 101 only to who asked for WebSocket.',
    why: 'RFC 9110 15.2, RFC 8297. Who takes 103 for the answer gives the real one to the next request.',
  },
  'Answers: early': {
    rule: 'An answer before the end of the body passes; the rest of the body goes to the node, or the connections end.',
    why: 'RFC 9112 9.3. The rest of a body is never the next request.',
  },
  'Answers: hop by hop': {
    rule: 'Fields of the node’s connection stop here.',
    why: 'RFC 9110 7.6.1.',
  },
}
