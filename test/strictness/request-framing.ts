// test/strictness/request-framing.ts: where a request's body ends: lengths, codings, their conflicts and their disguises.
import { passes, type RequestCase, refused, request, SMUGGLED } from './case.ts'

const LENGTH = 'Length'
const CODING = 'Coding'
const BOTH = 'Length and coding together'
const GRAMMAR = 'RFC 9110 8.6: Content-Length = 1*DIGIT'
const NAME = 'RFC 9112 5.1: no blank before the colon, names are tokens'
const VALUE = 'RFC 9110 5.5: no CR, LF, NUL or other control'
const FOLD = 'RFC 9112 5.2: a server refuses folded lines'
const WHITESPACE = 'RFC 9112 5 lets it stand, but some servers then see no framing'
const FINAL = 'RFC 9112 6.1, 6.3: an unknown or repeated coding is refused'

const post = (...fields: string[]): string => request('POST /x', ...fields)
const chunked = '5\r\nhello\r\n0\r\n\r\n'

const badLength = (name: string, value: string, why = GRAMMAR): RequestCase =>
  refused(LENGTH, name, why, `${post(`Content-Length:${value}`)}hello${SMUGGLED}`)

const lengths: readonly RequestCase[] = [
  badLength('a plus sign', ' +5'),
  badLength('a minus sign', ' -5'),
  badLength('minus zero', ' -0'),
  badLength('hexadecimal', ' 0x5'),
  badLength('a blank inside', ' 5 5'),
  badLength('a tab inside', ' 5\t5'),
  badLength('a list of equal values', ' 5,5'),
  badLength('a list with a blank', ' 5, 5'),
  badLength('a list of different values', ' 5, 0'),
  badLength('an empty list element', ' ,5'),
  badLength('a comma behind it', ' 5,'),
  badLength('a semicolon behind it', ' 5;'),
  badLength('a fraction', ' 5.0'),
  badLength('an exponent', ' 5e0'),
  badLength('an underscore between digits', ' 0_5'),
  badLength('quoted', ' "5"'),
  badLength('a word', ' five'),
  badLength('empty', ''),
  badLength('blanks only', ' \t '),
  badLength('digits of another script', ' \xd9\xa5'),
  badLength('a no-break space in front', ' \xa05'),
  badLength('a vertical tab in front', ' \x0b5', VALUE),
  badLength('a form feed behind', ' 5\x0c', VALUE),
  badLength('NUL behind', ' 5\0', VALUE),
  badLength('NUL in front', ' \x005', VALUE),
  badLength('64 bits and five', ' 18446744073709551621', 'RFC 9110 8.6: no overflow'),
  badLength('twenty nines', ' 99999999999999999999', 'RFC 9110 8.6: no overflow'),
  badLength('a thousand digits', ` ${'0'.repeat(999)}5`, 'RFC 9110 8.6: no overflow'),
  badLength('folded in front', '\r\n 5', FOLD),
  badLength('folded behind', ' 5\r\n ', FOLD),
  badLength('folded into another value', ' 5\r\n\t0', FOLD),
  refused(
    LENGTH,
    '32 bits and five, cut',
    'RFC 9112 6.3: the body is not whole',
    `${post('Content-Length: 4294967301')}hello${SMUGGLED}`,
    400,
    { finishes: true },
  ),
  refused(
    LENGTH,
    'longer than what comes',
    'RFC 9112 8: an incomplete request',
    `${post('Content-Length: 9')}hello`,
    400,
    { finishes: true },
  ),
  refused(
    LENGTH,
    'shorter than what comes',
    'RFC 9112 2.2: what is behind is no request',
    `${post('Content-Length: 3')}hel/o${SMUGGLED}`,
    400,
    { seen: ['POST /x hel'] },
  ),
  ...(
    [
      ['twice, equal', ['Content-Length: 5', 'Content-Length: 5'], 'RFC 9110 8.6: may be refused'],
      ['twice, different', ['Content-Length: 5', 'Content-Length: 0'], 'RFC 9112 6.3'],
      ['twice, the first 0', ['Content-Length: 0', 'Content-Length: 5'], 'RFC 9112 6.3'],
      ['twice, in different case', ['Content-Length: 5', 'CONTENT-LENGTH: 6'], 'RFC 9112 6.3'],
      ['twice, one empty', ['Content-Length: 5', 'Content-Length:'], GRAMMAR],
      ['a blank before the colon', ['Content-Length : 5'], NAME],
      ['a tab before the colon', ['Content-Length\t: 5'], NAME],
      ['a blank inside the name', ['Content Length: 5'], NAME],
      ['NUL in the name', ['Content-Length\0: 5'], NAME],
      ['a no-break space in the name', ['Content-Length\xa0: 5'], NAME],
      ['a vertical tab in the name', ['\x0bContent-Length: 5'], NAME],
      ['a line feed hides it', ['X: y\nContent-Length: 5'], 'RFC 9112 2.2: a lone LF is not to be trusted'],
      ['a carriage return hides it', ['X: y\rContent-Length: 5'], 'RFC 9112 2.2: a lone CR'],
    ] as const
  ).map(([name, fields, why]) => refused(LENGTH, name, why, `${post(...fields)}hello${SMUGGLED}`)),
  refused(
    LENGTH,
    'blank before the first name',
    'RFC 9112 2.2: whitespace behind the request line',
    `POST /x HTTP/1.1\r\n Content-Length: 5\r\nHost: a.test\r\n\r\nhello${SMUGGLED}`,
  ),
  passes(LENGTH, 'without a blank behind the colon', 'RFC 9112 5', `${post('Content-Length:5')}hello`, [
    'POST /x hello',
  ]),
  badLength('a tab in front', '\t5', WHITESPACE),
  badLength('a blank and a tab in front', ' \t5', WHITESPACE),
  badLength('a tab behind', ' 5\t', WHITESPACE),
  badLength('a blank behind', ' 5 ', WHITESPACE),
  passes(LENGTH, 'two blanks in front', 'RFC 9112 5', `${post('Content-Length:  5')}hello`, [
    'POST /x hello',
  ]),
  passes(LENGTH, 'a name in mixed case', 'RFC 9110 5.1', `${post('cOnTeNt-LeNgTh: 5')}hello`, [
    'POST /x hello',
  ]),
  passes(LENGTH, 'leading zeros are decimal', GRAMMAR, `${post('Content-Length: 010')}0123456789`, [
    'POST /x 0123456789',
  ]),
  passes(LENGTH, 'zero', GRAMMAR, `${post('Content-Length: 0')}${request('GET /y')}`, ['POST /x', 'GET /y']),
  passes(
    LENGTH,
    'of a GET',
    'RFC 9110 9.3.1: framing does not depend on the method',
    `${request('GET /x', 'Content-Length: 5')}hello${request('GET /y')}`,
    ['GET /x hello', 'GET /y'],
  ),
  passes(LENGTH, 'of an OPTIONS *', 'RFC 9112 6.3', `${request('OPTIONS *', 'Content-Length: 5')}hello`, [
    'OPTIONS * hello',
  ]),
  passes(
    LENGTH,
    'an underscore twin frames nothing',
    'CGI spells both alike',
    `${request('GET /x', `Content_Length: ${SMUGGLED.length}`)}${request('GET /y')}`,
    ['GET /x', 'GET /y'],
    { never: /content.length/i },
  ),
  passes(
    LENGTH,
    'an underscore twin beside it',
    'CGI spells both alike',
    `${post('Content_Length: 0', 'Content-Length: 5')}hello`,
    ['POST /x hello'],
    { never: /content_length: 0/i },
  ),
  passes(
    LENGTH,
    'a name that hashes like it',
    'only the name itself frames',
    `${request('GET /x', `coh2ent-length: ${SMUGGLED.length}`)}${request('GET /y')}`,
    ['GET /x', 'GET /y'],
    { always: /^coh2ent-length: /m },
  ),
  passes(
    LENGTH,
    'HTTP_Content_Length is no length',
    'CGI puts HTTP_ before names',
    `${request('GET /x', `HTTP_Content_Length: ${SMUGGLED.length}`)}${request('GET /y')}`,
    ['GET /x', 'GET /y'],
  ),
  passes(
    LENGTH,
    'CL.0: a request as body is body',
    'RFC 9112 6.3',
    `${post(`Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
    [`POST /x ${SMUGGLED}`],
  ),
  ...['GET', 'OPTIONS', 'DELETE', 'PURGE'].map(method =>
    refused(
      LENGTH,
      `0.CL of ${method}: a length that a reader may overlook`,
      'RFC 9112 5.2',
      `${request(`${method} /x`, `Content-Length:\r\n ${SMUGGLED.length}`)}${SMUGGLED}`,
    ),
  ),
  passes(
    LENGTH,
    '0.CL: the body of a GET that expects "100 Continue"',
    'RFC 9110 10.1.1, RFC 9112 6.3: it is body all the same',
    `${request('GET /x', 'Expect: 100-continue', `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}${request('GET /y')}`,
    [`GET /x ${SMUGGLED}`, 'GET /y'],
  ),
  passes(
    LENGTH,
    'CL.0 of a path that looks like a file',
    'RFC 9112 6.3: framing does not depend on the path',
    `${request('POST /x.png', `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}${request('GET /y')}`,
    [`POST /x.png ${SMUGGLED}`, 'GET /y'],
  ),
  passes(
    LENGTH,
    'CL.0 of a GET',
    'RFC 9112 6.3',
    `${request('GET /x', `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}${request('GET /y')}`,
    [`GET /x ${SMUGGLED}`, 'GET /y'],
  ),
]

const badCoding = (name: string, value: string, why = FINAL, status = 501): RequestCase =>
  refused(CODING, name, why, `${post(`Transfer-Encoding:${value}`)}${chunked}${SMUGGLED}`, status)

const codings: readonly RequestCase[] = [
  badCoding('identity', ' identity'),
  badCoding('chunked twice in a list', ' chunked, chunked'),
  badCoding('identity behind', ' chunked, identity'),
  badCoding('identity in front', ' identity, chunked'),
  badCoding('gzip in front', ' gzip, chunked'),
  badCoding('gzip alone', ' gzip'),
  badCoding('a letter in front', ' xchunked'),
  badCoding('a letter behind', ' chunkedx'),
  badCoding('a parameter', ' chunked;x'),
  badCoding('quoted', ' "chunked"'),
  badCoding('single quotes', " 'chunked'"),
  badCoding('a comma behind', ' chunked,'),
  badCoding('a comma in front', ' ,chunked'),
  badCoding('a blank inside', ' chu nked'),
  badCoding('empty', ''),
  badCoding('a no-break space behind', ' chunked\xa0'),
  badCoding('a no-break space in front', '\xa0chunked'),
  badCoding('a Kelvin sign for the k', ' chun\xe2\x84\xaaed'),
  badCoding('a vertical tab in front', '\x0bchunked', VALUE, 400),
  badCoding('a vertical tab behind', ' chunked\x0b', VALUE, 400),
  badCoding('a form feed in front', '\x0cchunked', VALUE, 400),
  badCoding('NUL in front', ' \0chunked', VALUE, 400),
  badCoding('NUL behind', ' chunked\0', VALUE, 400),
  badCoding('DEL behind', ' chunked\x7f', VALUE, 400),
  badCoding('a carriage return behind', ' chunked\r', VALUE, 400),
  badCoding('twice in one line, by a tab', ' chunked\tchunked'),
  badCoding('a star', ' *'),
  badCoding('compress', ' compress'),
  badCoding('a weight', ' chunked;q=1'),
  badCoding('folded in front', '\r\n chunked', `${FOLD}; ${FINAL}`),
  badCoding('folded behind', ' chunked\r\n ', FOLD, 400),
  badCoding('folded with a second coding', ' chunked\r\n , identity', FOLD, 400),
  ...(
    [
      ['twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], 400, FINAL],
      ['twice, the second unknown', ['Transfer-Encoding: chunked', 'Transfer-Encoding: x'], 400, FINAL],
      [
        'twice, the first identity',
        ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'],
        501,
        FINAL,
      ],
      ['a blank before the colon', ['Transfer-Encoding : chunked'], 400, NAME],
      ['a tab before the colon', ['Transfer-Encoding\t: chunked'], 400, NAME],
      ['a vertical tab before the colon', ['Transfer-Encoding\x0b: chunked'], 400, NAME],
      ['NUL in the name', ['Transfer\0-Encoding: chunked'], 400, NAME],
      ['a line feed hides it', ['X: y\nTransfer-Encoding: chunked'], 400, 'RFC 9112 2.2: a lone LF'],
      ['a carriage return hides it', ['X: y\rTransfer-Encoding: chunked'], 400, 'RFC 9112 2.2: a lone CR'],
      ['folded into the line before', ['X: y\r\n Transfer-Encoding: chunked'], 400, FOLD],
    ] as const
  ).map(([name, fields, status, why]) =>
    refused(CODING, name, why, `${post(...fields)}${chunked}${SMUGGLED}`, status),
  ),
  refused(
    CODING,
    'in HTTP/1.0',
    'RFC 9112 6.1: faulty framing',
    `${request('POST /x HTTP/1.0', 'Host: a.test', 'Transfer-Encoding: chunked')}${chunked}`,
  ),
  refused(
    CODING,
    'in HTTP/1.0 with a length',
    'RFC 9112 6.1',
    `${request('POST /x HTTP/1.0', 'Host: a.test', 'Connection: keep-alive', 'Content-Length: 5', 'Transfer-Encoding: chunked')}${chunked}`,
  ),
  passes(
    CODING,
    'in upper case',
    'RFC 9112 7: case does not matter',
    post('Transfer-Encoding: CHUNKED') + chunked,
    ['POST /x hello'],
  ),
  badCoding('a tab in front', '\tchunked', WHITESPACE, 400),
  badCoding('a blank and a tab in front', ' \tchunked', WHITESPACE, 400),
  badCoding('a tab behind', ' chunked\t', WHITESPACE, 400),
  badCoding('a blank behind', ' chunked ', WHITESPACE, 400),
  passes(CODING, 'two blanks in front', 'RFC 9112 5', `${post('Transfer-Encoding:  chunked')}${chunked}`, [
    'POST /x hello',
  ]),
  passes(
    CODING,
    'of a GET',
    'RFC 9110 9.3.1',
    `${request('GET /x', 'Transfer-Encoding: chunked')}${chunked}${request('GET /y')}`,
    ['GET /x hello', 'GET /y'],
  ),
  passes(
    CODING,
    'an underscore twin frames nothing',
    'CGI spells both alike',
    `${post('Transfer_Encoding: chunked', 'Content-Length: 5')}hello`,
    ['POST /x hello'],
    { never: /transfer.encoding/i },
  ),
  passes(
    CODING,
    'a name that hashes like it',
    'only the name itself frames',
    `${post('r4ansfer-encoding: chunked', 'Content-Length: 5')}hello`,
    ['POST /x hello'],
    { always: /^r4ansfer-encoding: /m },
  ),
  ...['Transfer.Encoding', 'TransferEncoding', 'Transfer-Encodings', 'X-Transfer-Encoding'].map(name =>
    passes(
      CODING,
      `${name} is no coding`,
      'only the name itself frames',
      `${post(`${name}: chunked`, 'Content-Length: 5')}hello`,
      ['POST /x hello'],
    ),
  ),
  passes(
    CODING,
    'TE: chunked is no coding',
    'RFC 9110 10.1.4',
    `${post('TE: chunked', 'Content-Length: 5')}hello`,
    ['POST /x hello'],
    { never: /^te:/im },
  ),
  passes(
    CODING,
    'Content-Encoding: chunked is no framing',
    'RFC 9110 8.4',
    `${post('Content-Encoding: chunked', 'Content-Length: 5')}hello`,
    ['POST /x hello'],
  ),
]

const conflicts: readonly RequestCase[] = (
  [
    ['CL.TE', ['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG', 400],
    ['TE.CL', ['Transfer-Encoding: chunked', 'Content-Length: 4'], `5c\r\n${SMUGGLED}`, 400],
    ['length 0', ['Content-Length: 0', 'Transfer-Encoding: chunked'], chunked, 400],
    ['a length that is right', ['Content-Length: 15', 'Transfer-Encoding: chunked'], chunked, 400],
    ['a coding in disguise: unknown', ['Content-Length: 5', 'Transfer-Encoding: xchunked'], chunked, 501],
    ['a coding in disguise: identity', ['Content-Length: 5', 'Transfer-Encoding: identity'], 'hello', 501],
    [
      'a coding in disguise: vertical tab',
      ['Content-Length: 5', 'Transfer-Encoding: \x0bchunked'],
      chunked,
      400,
    ],
    [
      'a coding in disguise: blank before the colon',
      ['Content-Length: 5', 'Transfer-Encoding : chunked'],
      chunked,
      400,
    ],
    [
      'a coding in disguise: twice',
      ['Content-Length: 5', 'Transfer-Encoding: chunked', 'Transfer-encoding: x'],
      chunked,
      400,
    ],
    [
      'a coding behind a lone line feed',
      ['Content-Length: 5', 'X: y\nTransfer-Encoding: chunked'],
      chunked,
      400,
    ],
    ['an empty length', ['Content-Length:', 'Transfer-Encoding: chunked'], chunked, 400],
    ['a bad length', ['Content-Length: x', 'Transfer-Encoding: chunked'], chunked, 400],
    [
      'Connection names the length',
      ['Connection: Content-Length', 'Content-Length: 5', 'Transfer-Encoding: chunked'],
      chunked,
      400,
    ],
    [
      'Connection names the coding',
      ['Connection: Transfer-Encoding', 'Content-Length: 5', 'Transfer-Encoding: chunked'],
      chunked,
      400,
    ],
  ] as const
).map(([name, fields, body, status]) =>
  refused(
    BOTH,
    name,
    'RFC 9112 6.1, 6.3: may be refused, must be closed',
    `${post(...fields)}${body}${SMUGGLED}`,
    status,
  ),
)

export const REQUEST_FRAMING: readonly RequestCase[] = [...lengths, ...codings, ...conflicts]
