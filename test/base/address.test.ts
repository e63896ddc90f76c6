// test/base/address.test.ts: which texts are addresses, what they mean, and what is said about those that are not.
import t from 'tap'
import { parseListenAddress, parseNodeAddress } from '../../base/address.ts'

const tcp = (host: string, port: number, text: string, ipv6 = false) => ({
  kind: 'tcp',
  host,
  port,
  ipv6,
  text,
})

for (const [written, meaning] of [
  [':8080', tcp('0.0.0.0', 8080, '0.0.0.0:8080')],
  ['0.0.0.0:8080', tcp('0.0.0.0', 8080, '0.0.0.0:8080')],
  ['  127.0.0.1:80 ', tcp('127.0.0.1', 80, '127.0.0.1:80')],
  ['localhost:80', tcp('localhost', 80, 'localhost:80')],
  ['app_1.internal:80', tcp('app_1.internal', 80, 'app_1.internal:80')],
  ['[::1]:80', tcp('::1', 80, '[::1]:80', true)],
  ['[::]:', tcp('::', 0, '[::]:0', true)],
  ['127.0.0.1:0', tcp('127.0.0.1', 0, '127.0.0.1:0')],
  ['127.0.0.1:', tcp('127.0.0.1', 0, '127.0.0.1:0')],
  ['*:80', tcp('0.0.0.0', 80, '0.0.0.0:80')],
  ['127.*:80', { kind: 'tcp-prefix', prefix: '127.', port: 80, text: '127.*:80' }],
  ['192.168.1.*:0', { kind: 'tcp-prefix', prefix: '192.168.1.', port: 0, text: '192.168.1.*:0' }],
  ['/run/x.sock', { kind: 'unix', path: '/run/x.sock', text: '/run/x.sock' }],
  ['x.sock', { kind: 'unix', path: 'x.sock', text: 'x.sock' }],
  ['@name', { kind: 'abstract', name: 'name', text: '@name' }],
  ['\\0name', { kind: 'abstract', name: 'name', text: '@name' }],
  ['@a:b', { kind: 'abstract', name: 'a:b', text: '@a:b' }],
  ['=0', { kind: 'shared', index: 0, text: '=0' }],
  ['=01', { kind: 'shared', index: 1, text: '=1' }],
  ['fd://3', { kind: 'fd', fd: 3, text: 'fd://3' }],
] as const) {
  t.test(`"${written}" is an address to listen on`, async t =>
    t.strictSame(parseListenAddress(written), meaning),
  )
}

for (const [written, problem, remedy] of [
  ['', 'the address is empty', 'Write an address such as :8080 or /run/x.sock'],
  ['8080', '"8080" is neither an address nor a path', 'Did you mean :8080?'],
  [':80x', '"80x" in ":80x" is not a port', 'A port is a number from 0 to 65535'],
  [':99999', '"99999" in ":99999" is not a port', 'A port is a number from 0 to 65535'],
  [':65536', '"65536" in ":65536" is not a port', 'A port is a number from 0 to 65535'],
  [':-1', '"-1" in ":-1" is not a port', 'A port is a number from 0 to 65535'],
  ['256.1.1.1:80', '"256.1.1.1" is not an IPv4 address', 'Write four numbers from 0 to 255, or a name'],
  ['1.2.3:80', '"1.2.3" is not an IPv4 address', 'Write four numbers from 0 to 255, or a name'],
  ['::1', '"::1" is an IPv6 address without brackets', 'Write it in brackets, with a port: [::1]:80'],
  [
    '::1:8080',
    '"::1:8080" is an IPv6 address without brackets',
    'Write it in brackets, with a port: [::1]:8080',
  ],
  ['[::1]', '"[::1]" has no port', 'Write [::1]:80'],
  [
    'unix:/run/x.sock',
    '"unix:/run/x.sock" is not how the path of a UNIX socket is written',
    'Write only the path: /run/x.sock',
  ],
  [
    'unix:///run/x.sock',
    '"unix:///run/x.sock" is not how the path of a UNIX socket is written',
    'Write only the path: /run/x.sock',
  ],
  ['[::g]:80', '"::g" is not an IPv6 address', 'Write an address such as [::1]:80'],
  [
    'a b:80',
    '"a b" is neither an address nor a host name',
    'Write an IPv4 address, an IPv6 address in brackets, or a name',
  ],
  [
    '1*2:80',
    '"1*2:80" is no pattern of addresses',
    'Write the first numbers of an IPv4 address and a star: 127.*:80',
  ],
  ['=x', '"=x" names no shared socket', 'Write =0 for the first shared-socket, =1 for the second'],
  ['=', '"=" names no shared socket', 'Write =0 for the first shared-socket, =1 for the second'],
  ['fd://x', '"fd://x" names no descriptor', 'Write a number, such as fd://3'],
  [
    'http://:80',
    '"http://:80" is a URL, not an address to listen on',
    'Write host:port, such as 127.0.0.1:8080 or :8080',
  ],
  ['/run/a:b', 'the path "/run/a:b" has a colon', 'Choose a path for the UNIX socket without ":"'],
  [`/${'x'.repeat(102)}`, "the socket's path has 103 bytes", 'Choose a path of at most 102 bytes'],
  [`/${'ä'.repeat(51)}`, "the socket's path has 103 bytes", 'Choose a path of at most 102 bytes'],
  ['@', 'the abstract socket has no name', 'Write a name after the "@"'],
  [`@${'x'.repeat(108)}`, 'the abstract name has 108 bytes', 'Choose one of at most 107'],
] as const) {
  t.test(`"${written}" is no address to listen on`, async t => {
    t.strictSame(parseListenAddress(written), { problem, remedy })
  })
}

for (const [written, meaning] of [
  [
    'http://127.0.0.1:3000',
    { proto: 'http', kind: 'tcp', host: '127.0.0.1', port: 3000, name: 'http://127.0.0.1:3000' },
  ],
  ['HTTP://app:3000', { proto: 'http', kind: 'tcp', host: 'app', port: 3000, name: 'http://app:3000' }],
  [
    '127.0.0.1:3031',
    { proto: 'uwsgi', kind: 'tcp', host: '127.0.0.1', port: 3031, name: 'uwsgi://127.0.0.1:3031' },
  ],
  [':3031', { proto: 'uwsgi', kind: 'tcp', host: '127.0.0.1', port: 3031, name: 'uwsgi://127.0.0.1:3031' }],
  ['unix:80', { proto: 'uwsgi', kind: 'tcp', host: 'unix', port: 80, name: 'uwsgi://unix:80' }],
  ['http://[::1]:80', { proto: 'http', kind: 'tcp', host: '::1', port: 80, name: 'http://[::1]:80' }],
  ['/run/app.sock', { proto: 'uwsgi', kind: 'unix', path: '/run/app.sock', name: 'uwsgi:///run/app.sock' }],
  [
    'http:///run/app.sock',
    { proto: 'http', kind: 'unix', path: '/run/app.sock', name: 'http:///run/app.sock' },
  ],
  ['@app', { proto: 'uwsgi', kind: 'unix', path: '\0app', name: 'uwsgi://@app' }],
] as const) {
  t.test(`"${written}" is a node`, async t => t.strictSame(parseNodeAddress(written), meaning))
}

for (const [written, problem, remedy] of [
  ['', 'the address of the node is empty', 'Write host:port or /path/to.sock'],
  ['http://h:1/x', 'the node "h:1/x" has a path', 'A node is an address only: write http://h:1'],
  ['http://h:1/', 'the node "h:1/" has a path', 'A node is an address only: write http://h:1'],
  ['http://h:1?a=b', 'the node "h:1?a=b" has a path', 'A node is an address only: write http://h:1'],
  ['http://h', '"h" has no port', 'Write h:80, or a path that begins with "/"'],
  ['3031', '"3031" is neither an address nor a path', 'Write :3031 or 127.0.0.1:3031'],
  ['http://3000', '"3000" is neither an address nor a path', 'Write http://:3000 or http://127.0.0.1:3000'],
  [
    '::1:3031',
    '"::1:3031" is an IPv6 address without brackets',
    'Write it in brackets, with a port: [::1]:3031',
  ],
  [
    'unix:/run/x.sock',
    '"unix:/run/x.sock" is not how the path of a UNIX socket is written',
    'Write only the path: /run/x.sock',
  ],
  [
    'http://unix:/run/x.sock',
    '"http://unix:/run/x.sock" is not how the path of a UNIX socket is written',
    'Write only the path: http:///run/x.sock',
  ],
  [
    'weight=2,127.0.0.1:1',
    'a weight cannot be given here',
    'Name a node twice to give it two turns of each round',
  ],
  ['h:', 'the node "h:" has no port', 'Write the port, such as uwsgi://HOST:3000'],
  ['h:0', 'the node "h:0" has no port', 'Write the port, such as uwsgi://HOST:3000'],
  ['https://h:443', 'nodes that speak https are not supported yet', 'Use an http:// or uwsgi:// node'],
  ['h2://h:443', 'nodes that speak h2 are not supported yet', 'Use an http:// or uwsgi:// node'],
  [
    'fastcgi:///run/php.sock',
    'nodes that speak fastcgi are not supported yet',
    'Use an http:// or uwsgi:// node',
  ],
  ['scgi://h:1', 'nodes that speak scgi are not supported yet', 'Use an http:// or uwsgi:// node'],
  ['ftp://h:1', '"ftp" is not a protocol of nodes', 'Write http://ADDRESS or uwsgi://ADDRESS'],
  [
    'user@h:1',
    '"user@h" is neither an address nor a host name',
    'Write an IPv4 address, an IPv6 address in brackets, or a name',
  ],
  ['http://@', 'the abstract socket has no name', 'Write a name after the "@"'],
] as const) {
  t.test(`"${written}" is no node`, async t => t.strictSame(parseNodeAddress(written), { problem, remedy }))
}
