// test/config/wrong.test.ts: wrong configurations, each with the one message that people see. Line 1 of a.ini is
// [sluice]; the lines below follow it.
import t from 'tap'
import { folderOf, problemsOf, warningsOf } from './folder.ts'

const LISTEN = 'Write an address such as :8080, 127.0.0.1:8080, [::1]:8080, /run/x.sock or =0.'
const TIME = 'Write seconds, or a number with s, m, h or d: 90, 90s, 2m.'
const SIZE = 'Write bytes, or a number with k, m or g: 65536, 64k, 1m.'
const BOOLEAN = 'Write true or false.'
const TLS = 'Write ADDR,CRT,KEY, and if need be ,CIPHERS and ,CA or ,!CA.'
const NETWORK = 'Write networks such as 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32, or unix.'
const MODIFIERS = 'Write one of 0, 5, 6, 7, 8, 9, 14, 15, 30, 123.'
const OTHER_ADDRESS = 'Take one of them out, or choose another address.'

/** Lines of a.ini, and all that is said about them. A listener is added unless the lines have one. */
const LINES: readonly (readonly [lines: string, ...problems: string[]])[] = [
  [
    'http = 127.0.0.1',
    'a.ini:2: option "http" cannot be "127.0.0.1": it has no port. Write 127.0.0.1:8080; for a UNIX socket of that name, ./127.0.0.1.',
  ],
  [
    'daemonize = true',
    'a.ini:2: option "daemonize" cannot be "true": it names no file. Write the name of a file, such as /var/log/sluice/sluice.log, or HOST:PORT for UDP.',
  ],
  // Names
  ['wrokers = 4', 'a.ini:2: option "wrokers" is unknown. Did you mean "workers"?'],
  ['http-timeuot = 4', 'a.ini:2: option "http-timeuot" is unknown. Did you mean "http-timeout"?'],
  ['http_timeout = 4', 'a.ini:2: option "http_timeout" is unknown. Did you mean "http-timeout"?'],
  ['acces-log = x', 'a.ini:2: option "acces-log" is unknown. Did you mean "access-log"?'],
  ['qqqqqqqq = 1', 'a.ini:2: option "qqqqqqqq" is unknown. See "sluice --help" for all options.'],
  ['jail = /x', 'a.ini:2: option "jail" is not supported. Use systemd or a container.'],
  [
    'error-page-404 = /x',
    'a.ini:2: option "error-page-404" is not supported yet. Write "error-route-status = 404 answer:status=404,body=…" for short texts.',
  ],
  [
    'processes = 4',
    'a.ini:2: option "processes" is not supported yet. Start the application by itself or by attach-daemon, and name its address in http-to.',
  ],
  [
    'immediate-uid = www-data',
    'a.ini:2: option "immediate-uid" is not supported. Use uid: privileges are dropped once every socket is bound, and nothing of the configuration runs before.',
  ],
  [
    'cap = net_bind_service',
    'a.ini:2: option "cap" is not supported. Give capabilities by AmbientCapabilities in the systemd unit; ports below 1024 need none, as they are bound before uid.',
  ],
  [
    'chroot = /x',
    'a.ini:2: option "chroot" is not supported. Node needs its own files after the change of root: use RootDirectory or ProtectSystem in the systemd unit, or a container.',
  ],
  [
    'freebind = true',
    'a.ini:2: option "freebind" is not supported. Node cannot set IP_FREEBIND: set the sysctl net.ipv4.ip_nonlocal_bind.',
  ],
  [
    'socket-sndbuf = 1m',
    'a.ini:2: option "socket-sndbuf" is not supported. Node cannot size the buffers of one socket: set the sysctls net.ipv4.tcp_wmem and net.ipv4.tcp_rmem.',
  ],
  [
    'subscription-tolerance-inactive = 30',
    'a.ini:2: option "subscription-tolerance-inactive" is not supported. It is about vassals that are still to be started, and nothing is started for a subscription: use subscription-tolerance.',
  ],
  [
    'subscription-vassal-required = true',
    'a.ini:2: option "subscription-vassal-required" is not supported. It asks announcements for the name of a vassal, and nothing is started for a subscription: say who may announce what by subscription-allow.',
  ],
  [
    'subscription-clear-on-shutdown = true',
    'a.ini:2: option "subscription-clear-on-shutdown" is not supported yet. Take it out: there are no workers to announce; "sluice subscribe" unsubscribes when it stops, and a subscription server understands what a uWSGI with this option sends.',
  ],
  [
    'py-autoreload = 1',
    'a.ini:2: option "py-autoreload" is not supported yet. Use touch-reload: there are no workers to reload yet.',
  ],
  [
    'touch-chain-reload = x',
    'a.ini:2: option "touch-chain-reload" is not supported yet. Use touch-reload: there are no workers to reload yet.',
  ],
  [
    'log-route = errors 5..',
    'a.ini:2: option "log-route" is not supported yet. Take it out, and the IDs of the loggers: each gets every line. Log all lines, and sort them where they are collected.',
  ],
  ['alarm = a cmd:x', 'a.ini:2: option "alarm" is not supported. Watch the log by a monitoring system.'],
  [
    'if-env = HOME',
    'a.ini:2: "if-env" is not supported yet. Write the lines of the block out, or keep a file per case.',
  ],
  ['need-plugin = warp', 'a.ini:2: plugin "warp" is not one that Sluice can stand in for. Take it out.'],
  // Health
  [
    'health-check = key=a.example',
    'a.ini:2: option "health-check" cannot be "key=a.example": it says no method. Write one of http=/PATH, tcp and uwsgi, and if need be key=GLOB, interval=, timeout=, rise=, fall=; for http also status=200-399 and host=NAME.',
  ],
  // Backends
  [
    'backend = address=:1',
    `a.ini:2: option "backend" cannot be "address=:1": the key is missing. Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2.`,
  ],
  [
    'backend = key=a b,address=:1',
    `a.ini:2: option "backend" cannot be "key=a b,address=:1": "a b" is no host. Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2.`,
  ],
  [
    'backend = key=a,address=:1,weight=0',
    `a.ini:2: option "backend" cannot be "key=a,address=:1,weight=0": weight 0 is not a whole number from 1 to 1000. Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2.`,
  ],
  [
    'backend = key=a',
    `a.ini:2: option "backend" cannot be "key=a": the address is missing. Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2.`,
  ],
  [
    'backend = key=a,key=b,address=:1',
    `a.ini:2: option "backend" cannot be "key=a,key=b,address=:1": key is given twice. Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2.`,
  ],
  [
    'backend = key=a,address=:1,colour=red',
    `a.ini:2: option "backend" cannot be "key=a,address=:1,colour=red": "colour=red" is none of key=, address=, weight=, backup=, limit=, modifier1=, modifier2=. Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2.`,
  ],
  [
    'backend = key=a,address=ftp://h:1',
    'a.ini:2: option "backend" cannot be "key=a,address=ftp://h:1": "ftp" is not a protocol of nodes. Write http://ADDRESS or uwsgi://ADDRESS.',
  ],
  [
    'backend = key=*,address=:1',
    'a.ini:2: option "backend" cannot be "key=*,address=:1": "*" is no key: hosts that no backend serves go to http-to. Name the node in http-to.',
  ],
  [
    'backend = key=*.a.test,address=:1',
    'a.ini:2: option "backend" cannot be "key=*.a.test,address=:1": "*.a.test" is no host. Write .a.test for every name below it.',
  ],
  [
    'backend = key=a.test/b?c,address=:1',
    'a.ini:2: option "backend" cannot be "key=a.test/b?c,address=:1": "/b?c" is no path. Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2.',
  ],
  [
    'backend = key=a/1/2/3/4/5/6/7/8/9,address=:1',
    'a.ini:2: option "backend" cannot be "key=a/1/2/3/4/5/6/7/8/9,address=:1": no request asks for "a/1/2/3/4/5/6/7/8/9". A key is a host, and a path if need be: 16 labels of a wildcard, 8 segments and 255 characters at most.',
  ],
  [
    'backend = key=a,address=:1,backup=256',
    'a.ini:2: option "backend" cannot be "key=a,address=:1,backup=256": backup 256 is not a whole number from 0 to 255. Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2.',
  ],
  [
    'backend = key=a,address=:1,limit=0',
    'a.ini:2: option "backend" cannot be "key=a,address=:1,limit=0": limit 0 is not a whole number from 1 to 1000000. Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2.',
  ],
  [
    'backend = key=REMOTE_ADDR,address=:1',
    'a.ini:2: option "backend" cannot be "key=REMOTE_ADDR,address=:1": REMOTE_ADDR is no host: the key of a request is its Host, not the address of its client. Keep a client at one node by balance = key=HOST,policy=iphash, or choose by its address in a rule: route-if = ipv4in:${REMOTE_ADDR};10.0.0.0/8 key:NAME.',
  ],
  [
    'backend = key=a,address=:1,modifier1=22',
    'a.ini:2: option "backend" cannot be "key=a,address=:1,modifier1=22": modifier1 22 is not the number of a request handler. Write one of 0, 5, 6, 7, 8, 9, 14, 15, 30, 123.',
  ],
  [
    'backend = key=a,address=http://:1,modifier2=1',
    'a.ini:2: option "backend" cannot be "key=a,address=http://:1,modifier2=1": an http node is told no modifier2. Take modifier2 out.',
  ],
  [
    'backend = key=a,address=:1,modifier2=1\nbackend = key=A,address=:1',
    'a.ini:3: option "backend" gives uwsgi://127.0.0.1:1 of a another modifier2 than at a.ini:2. Write the same in both lines, or one line with the whole weight.',
  ],
  [
    'backend = key=a,address=:1,backup=1\nbackend = key=A,address=:1',
    'a.ini:3: option "backend" gives uwsgi://127.0.0.1:1 of a another backup than at a.ini:2. Write the same in both lines, or one line with the whole weight.',
  ],
  // Balance
  ...(
    [
      ['policy=p2c', 'the key is missing', 'L'],
      ['key=a b', '"a b" is no host', 'L'],
      [
        'key=a,policy=best',
        '"best" is no policy',
        'Write one of smooth, wrr, lrc, wlrc, iphash, p2c, ewma, hash.',
      ],
      [
        'key=a,on=colour',
        'on=colour is none of address, path, cookie:NAME, header:NAME and variable:NAME',
        'L',
      ],
      ['key=a,policy=hash,on=cookie:a b', '"a b" is no name of a cookie', 'L'],
      [
        'key=a,policy=hash,on=variable:x',
        '"x" is no variable',
        'Write one as uwsgi nodes get it, such as HTTP_X_USER.',
      ],
      ['key=a,sticky=', '"" is no name of a cookie', 'L'],
      ['key=a,slow-start=soon', 'slow-start soon is wrong: it is not a length of time', 'L'],
      ['key=a,limit=-1', 'limit -1 is not a whole number from 0 to 1000000', 'L'],
      ['key=a,queue=9999999', 'queue 9999999 is not a whole number from 0 to 1000000', 'L'],
      ['key=a,queue-timeout=0', 'queue-timeout 0 is wrong: it is below 1 s', 'L'],
      ['key=a,max-ejected=101%', 'max-ejected 101% is not a whole number from 0 to 100', 'L'],
      ['key=a,key=b', 'key is given twice', 'L'],
    ] as const
  ).map(([line, problem, remedy]): [string, string] => {
    const cure = remedy === 'L' ? 'Write key=shop.example,policy=p2c, or key=* for all keys.' : remedy
    return [`balance = ${line}`, `a.ini:2: option "balance" cannot be "${line}": ${problem}. ${cure}`]
  }),
  [
    'balance = key=a\nbalance = key=A,policy=p2c',
    'a.ini:3: option "balance" has the key a already at a.ini:2. Join the two lines.',
  ],
  [
    'balance = key=a,on=path',
    'a.ini:2: option "balance" says on=, but the policy is smooth (subscription-algo). Write policy=hash, or take on= out.',
  ],
  [
    'balance = key=a,policy=p2c,on=path',
    'a.ini:2: option "balance" says on=, but the policy is p2c. Write policy=hash, or take on= out.',
  ],
  [
    'subscription-algo = fair',
    'a.ini:2: option "subscription-algo" cannot be "fair": it is none of the words allowed here. Write smooth, wrr, lrc, wlrc, iphash, p2c, ewma or hash.',
  ],
  // Statistics
  [
    'http-stats = =0',
    'a.ini:2: option "http-stats" cannot be "=0": it is the socket of listeners, which gateways accept on. Write an address such as 127.0.0.1:9191 or /run/stats.sock.',
  ],
  [
    'http-ss = 9191',
    'a.ini:2: option "http-ss" cannot be "9191": "9191" is neither an address nor a path. Did you mean :9191?',
  ],
  // Switches and numbers
  ['master = maybe', `a.ini:2: option "master" cannot be "maybe": it is neither true nor false. ${BOOLEAN}`],
  [
    'strict = perhaps',
    `a.ini:2: option "strict" cannot be "perhaps": it is neither true nor false. ${BOOLEAN}`,
  ],
  [
    'listen = 0',
    'a.ini:2: option "listen" cannot be "0": it is below 1. Write a whole number from 1 to 65535.',
  ],
  [
    'listen = 65536',
    'a.ini:2: option "listen" cannot be "65536": it is above 65535. Write a whole number from 1 to 65535.',
  ],
  [
    'listen = 10x',
    'a.ini:2: option "listen" cannot be "10x": it is not a whole number. Write a whole number from 1 to 65535.',
  ],
  [
    'listen',
    'a.ini:2: option "listen" cannot be "": it is not a whole number. Write a whole number from 1 to 65535.',
  ],
  [
    'listen = -1',
    'a.ini:2: option "listen" cannot be "-1": it is not a whole number. Write a whole number from 1 to 65535.',
  ],
  [
    'http-processes = 65',
    'a.ini:2: option "http-processes" cannot be "65": it is above 64. Write a whole number from 1 to 64.',
  ],
  [
    'http-workers = 0',
    'a.ini:2: option "http-workers" cannot be "0": it is below 1. Write a whole number from 1 to 64.',
  ],
  [
    'http-timeout = soon',
    `a.ini:2: option "http-timeout" cannot be "soon": it is not a length of time. ${TIME}`,
  ],
  ['http-timeout = 0', `a.ini:2: option "http-timeout" cannot be "0": it is below 1 s. ${TIME}`],
  [
    'http-gracetime = 25d',
    `a.ini:2: option "http-gracetime" cannot be "25d": it is above 2073600 s. ${TIME}`,
  ],
  [
    'http-keepalive = ever',
    'a.ini:2: option "http-keepalive" cannot be "ever": it is not a length of time. Write seconds, or a number with s, m, h or d: 90, 90s, 2m, true or false.',
  ],
  ['limit-post = 10mb', `a.ini:2: option "limit-post" cannot be "10mb": it is not a size. ${SIZE}`],
  [
    'http-max-head-size = 100',
    `a.ini:2: option "http-max-head-size" cannot be "100": it is below 1024 bytes. ${SIZE}`,
  ],
  [
    'http-max-uri = 40k',
    'a.ini:2: option "http-max-uri" allows 40960 bytes, more than the 32768 of http-max-head-size. Raise http-max-head-size, or lower http-max-uri.',
  ],
  [
    'http-modifier1 = 17',
    `a.ini:2: option "http-modifier1" cannot be "17": it is not the number of a request handler. ${MODIFIERS}`,
  ],
  [
    'http-modifier2 = 256',
    'a.ini:2: option "http-modifier2" cannot be "256": it is above 255. Write a whole number from 0 to 255.',
  ],
  [
    'access-log-format = apache',
    'a.ini:2: option "access-log-format" cannot be "apache": it is none of the words allowed here. Write uwsgi, combined or json.',
  ],
  ['http-var = FOO', 'a.ini:2: option "http-var" cannot be "FOO": it is not NAME=VALUE. Write KEY=VALUE.'],
  ['http-var = =x', 'a.ini:2: option "http-var" cannot be "=x": it is not NAME=VALUE. Write KEY=VALUE.'],
  ['env = FOO', 'a.ini:2: option "env" cannot be "FOO": it is not NAME=VALUE. Write NAME=VALUE.'],
  ['pidfile =', 'a.ini:2: option "pidfile" cannot be "": it has no value. Write the name of a file.'],
  // Listeners
  [
    'http = 8080',
    'a.ini:2: option "http" cannot be "8080": "8080" is neither an address nor a path. Did you mean :8080?',
  ],
  [
    'http = :80x',
    'a.ini:2: option "http" cannot be ":80x": "80x" in ":80x" is not a port. A port is a number from 0 to 65535.',
  ],
  [
    'http = :99999',
    'a.ini:2: option "http" cannot be ":99999": "99999" in ":99999" is not a port. A port is a number from 0 to 65535.',
  ],
  [
    'http =',
    'a.ini:2: option "http" cannot be "": the address is empty. Write an address such as :8080 or /run/x.sock.',
  ],
  [
    'http = =0',
    'a.ini:2: option "http" uses =0, but there is no shared-socket. Add a line such as shared-socket = :443.',
  ],
  [
    'shared-socket = :443\nhttp = =1',
    'a.ini:3: option "http" uses =1, but the last shared-socket is =0. Add a line such as shared-socket = :443.',
  ],
  [
    'shared-socket = =0',
    `a.ini:2: option "shared-socket" cannot be "=0": a shared socket cannot stand for another one. ${LISTEN}`,
  ],
  ['https = :443', `a.ini:2: option "https" cannot be ":443": the certificate is missing. ${TLS}`],
  ['https = :443,a.pem', `a.ini:2: option "https" cannot be ":443,a.pem": the key is missing. ${TLS}`],
  [
    'https = :443,a.pem,a.key,,!',
    `a.ini:2: option "https" cannot be ":443,a.pem,a.key,,!": no CA follows the "!". ${TLS}`,
  ],
  ['https = :443,a,b,c,d,e', `a.ini:2: option "https" cannot be ":443,a,b,c,d,e": it has 6 fields. ${TLS}`],
  [
    'http-to-https = :80,443x',
    'a.ini:2: option "http-to-https" cannot be ":80,443x": "443x" is not a port. A port is a number from 1 to 65535.',
  ],
  [
    'http = :80\nhttps = :80,a.pem,a.key',
    `a.ini:3: option "https" listens on 0.0.0.0:80, which "http" already uses at a.ini:2. ${OTHER_ADDRESS}`,
  ],
  [
    'http = :80\nhttp = 127.0.0.1:80',
    `a.ini:3: option "http" listens on 127.0.0.1:80, which "http" already uses at a.ini:2. ${OTHER_ADDRESS}`,
  ],
  [
    'shared-socket = :80\nhttp = :80',
    'a.ini:3: option "http" listens on 0.0.0.0:80, which "shared-socket" already uses at a.ini:2. Write =0 to use the shared socket.',
  ],
  [
    'http = :80 ; main',
    'a.ini:2: option "http" cannot be ":80 ; main": "80 ; main" in ":80 ; main" is not a port. An ini file has no comments behind a value: put "; main" on a line of its own.',
  ],
  [
    'http-timeout = 5 # seconds',
    'a.ini:2: option "http-timeout" cannot be "5 # seconds": it is not a length of time. An ini file has no comments behind a value: put "# seconds" on a line of its own.',
  ],
  [
    'http-timeout = five # s',
    `a.ini:2: option "http-timeout" cannot be "five # s": it is not a length of time. ${TIME}`,
  ],
  [
    'http = :$(PORT)',
    'a.ini:2: option "http" cannot be ":$(PORT)": the environment has no PORT. Set PORT, or write the value out.',
  ],
  [
    'https = :80,a.pem,a.key\nhttps = :80,b.pem,b.key',
    `a.ini:3: option "https" listens on 0.0.0.0:80, which "https" already uses at a.ini:2. ${OTHER_ADDRESS}`,
  ],
  // Nodes and clients
  [
    'http-to = https://h:443',
    'a.ini:2: option "http-to" cannot be "https://h:443": nodes that speak https are not supported yet. Use an http:// or uwsgi:// node.',
  ],
  [
    'http-to = http://h:1/x',
    'a.ini:2: option "http-to" cannot be "http://h:1/x": the node "h:1/x" has a path. A node is an address only: write http://h:1.',
  ],
  [
    'http-fallback = h',
    'a.ini:2: option "http-fallback" cannot be "h": "h" has no port. Write h:80, or a path that begins with "/".',
  ],
  [
    'http = :80\nhttp-to = http://127.0.0.1:80',
    'a.ini:3: option "http-to" sends requests to http://127.0.0.1:80, where "http" of this configuration listens. Name the address of the application.',
  ],
  [
    'trusted-proxy = proxy',
    `a.ini:2: option "trusted-proxy" cannot be "proxy": "proxy" is not a network. ${NETWORK}`,
  ],
  [
    'trusted-proxy = 10.0.0.0/33',
    `a.ini:2: option "trusted-proxy" cannot be "10.0.0.0/33": "10.0.0.0/33" has no prefix length from 0 to 32. ${NETWORK}`,
  ],
  [
    'trusted-proxy = unix, 10.1.2.3/8',
    `a.ini:2: option "trusted-proxy" cannot be "unix, 10.1.2.3/8": "10.1.2.3/8" has bits beyond its prefix: the network is 10.0.0.0/8. ${NETWORK}`,
  ],
  ['trusted-proxy = 10', `a.ini:2: option "trusted-proxy" cannot be "10": "10" is not a network. ${NETWORK}`],
  // Placeholders and files
  [
    'set-ph = a=%(b)\nset-ph = b=%(a)',
    'a.ini:2: option "a": the placeholders run in a circle: a -> b -> a. Take one of them out.',
  ],
  [
    'access-log = x%(access-log)',
    'a.ini:2: option "access-log": the placeholders run in a circle: access-log -> access-log. Take one of them out.',
  ],
  [
    'set = http-timeout',
    'a.ini:2: option "set" cannot be "http-timeout": it is not NAME=VALUE. Write NAME=VALUE.',
  ],
  ['include = a.ini', 'a.ini:2: "a.ini" includes itself. Take this line out, or one on the way to it.'],
  [
    'include = a.conf',
    'a.ini:2: unable to load configuration from "a.conf": its name tells no format. Give a file that ends in .ini, or use --ini FILE.',
  ],
  [
    'include = $(HOME)/b.ini',
    'a.ini:2: cannot read "$(HOME)/b.ini": there is no such file. Placeholders are not replaced where files are read: write the path out.',
  ],
  [
    'ini = b.yaml.d',
    'a.ini:2: cannot read "b.yaml.d": it is a directory. Check the file and who may read it.',
  ],
  [
    'ini = https://h/a.ini',
    'a.ini:2: "https://h/a.ini" cannot be read: https:// is no source of text. Give a file.',
  ],
  ['ini = binary.ini', 'binary.ini:2: "binary.ini" holds a NUL byte. Give a text file.'],
  ['ini = latin1.ini', 'latin1.ini:2: "latin1.ini" is not UTF-8 text. Save it as UTF-8.'],
  ['include = open.ini', 'open.ini:1: the section header "[sluice" has no "]". Write [sluice].'],
  ['include = b.yml', 'a.ini:2: files of the format "yml" are not supported yet. Convert the file to ini.'],
  ['config = b.ini', 'a.ini:2: "config" is not supported. Convert the file to ini and use ini.'],
]

for (const [lines, ...problems] of LINES) {
  t.test(lines.replaceAll('\n', ' + '), async t => {
    const isComplete = /^(http|https|http-to-https) =/m.test(lines)
    const folder = folderOf(t, {
      'a.ini': `[sluice]\n${lines}\n${isComplete ? '' : 'http = :0\n'}`,
      'b.yaml.d/x': '',
      'binary.ini': '[sluice]\n\0\n',
      'latin1.ini': Buffer.from('[sluice]\npidfile = \xe4\n', 'latin1'),
      'open.ini': '[sluice\n',
    })
    t.strictSame(problemsOf(folder.load('a.ini')), problems)
  })
}

for (const [argv, problem] of [
  [['--htpp=:80'], 'command line: option "--htpp" is unknown. Did you mean "--http"?'],
  [['--htpp', ':80'], 'command line: option "--htpp" is unknown. Did you mean "--http"?'],
  [
    ['--htt', ':80'],
    'command line: option "--htt" is ambiguous. Write it out: --http, --httprouter, --https, --http-to-https or 57 others.',
  ],
  [['--http'], 'command line: option "--http" needs a value. Write --http VALUE.'],
  [['-l'], 'command line: option "-l" needs a value. Write -l VALUE.'],
  [['-!'], 'command line: option "-!" is unknown. See "sluice --help" for all options.'],
  [
    ['--master=false'],
    'command line: option "--master" takes no value on the command line. Write --set master=false.',
  ],
  [
    ['--http-m=1'],
    'command line: option "--http-m" is ambiguous. Write it out: --http-manage-expect, --http-max-idle, --http-modifier1, --http-modifier2 or 6 others.',
  ],
  [
    ['--http', ':80x'],
    'command line: option "http" cannot be ":80x": "80x" in ":80x" is not a port. A port is a number from 0 to 65535.',
  ],
  [
    ['--http=:80', '--http=0.0.0.0:80', '--https=:80,a,b'],
    'command line: option "https" listens on 0.0.0.0:80, which "http" already uses on the command line. Take one of them out, or choose another address.',
  ],
  [['--ini', ':app'], 'command line: ":app" names no file. Write FILE or FILE:SECTION.'],
  [
    ['notes.txt'],
    'command line: unable to load configuration from "notes.txt": its name tells no format. Give a file that ends in .ini, or use --ini FILE.',
  ],
  [
    ['--listen', '10'],
    'command line: there is nothing to serve: no http, https or http-to-https is given. Add a line such as http = :8080.',
  ],
  [
    ['empty.ini'],
    'empty.ini: there is nothing to serve: no http, https or http-to-https is given. Add a line such as http = :8080.',
  ],
] as const) {
  t.test(`sluice ${argv.join(' ')}`, async t => {
    const folder = folderOf(t, { 'empty.ini': '[sluice]\n' })
    t.strictSame(problemsOf(folder.load(...argv)), [problem])
  })
}

t.test('a file after an unknown option is read all the same', async t => {
  const folder = folderOf(t, { 'a.ini': '[sluice]\nlisten = 0\n' })
  t.equal(problemsOf(folder.load('--htpp', 'a.ini')).length, 2)
})

t.test('bytes that are no text are told at their line, for a file of the command line too', async t => {
  const folder = folderOf(t, {
    'nul.ini': '[sluice]\nhttp = :0\n\0\n',
    'latin1.ini': Buffer.from('[sluice]\n# \xc3\xa4\npidfile = \xe4\n', 'latin1'),
  })
  t.strictSame(problemsOf(folder.load('nul.ini')), [
    'nul.ini:3: "nul.ini" holds a NUL byte. Give a text file.',
  ])
  t.strictSame(problemsOf(folder.load('latin1.ini')), [
    'latin1.ini:3: "latin1.ini" is not UTF-8 text. Save it as UTF-8.',
  ])
})

t.test('what is refused is refused once: no word on the placeholders in it', async t => {
  const folder = folderOf(t, {
    'a.ini':
      '[sluice]\nstatic-map = %(addr)\nfor = 1 2\nhttp = :%(_)\nset-ph = a%(_)=%(_)\nendfor =\nhttp = :0\n',
  })
  const loaded = folder.load('a.ini')
  t.strictSame(warningsOf(loaded), [])
  t.strictSame(
    problemsOf(loaded).map(problem => problem.slice(0, problem.indexOf(' '))),
    ['a.ini:2:', 'a.ini:3:', 'a.ini:6:'],
  )
})

t.test('a missing file names the directory that its path is relative to', async t => {
  const folder = folderOf(t, {})
  t.strictSame(problemsOf(folder.load('nope.ini')), [
    `command line: cannot read "nope.ini": there is no such file. Paths are relative to the start directory, ${folder.path}; write %d before one beside the file that names it.`,
  ])
})

t.test('all that is wrong is told in one pass, in the order of the lines', async t => {
  const folder = folderOf(t, {
    'a.ini': '[sluice]\nlisten = 0\nwrokers = 1\ninclude = b.ini\njail = 1\n',
    'b.ini': '[sluice]\nhttp = :80x\n',
  })
  t.strictSame(
    problemsOf(folder.load('a.ini', '--http-timeout=x')).map(problem =>
      problem.slice(0, problem.indexOf(':', 7)),
    ),
    ['command line', 'a.ini:2', 'a.ini:3', 'a.ini:5', 'b.ini:2'],
  )
})

t.test('files that include each other in a circle are refused at the second visit', async t => {
  const folder = folderOf(t, {
    'a.ini': '[sluice]\ninclude = b.ini\n',
    'b.ini': '[sluice]\nhttp = :0\ninclude = a.ini\n',
  })
  t.strictSame(problemsOf(folder.load('a.ini')), [
    'b.ini:3: "a.ini" includes itself. Take this line out, or one on the way to it.',
  ])
})

t.test('a few lines cannot ask for more memory than there is', async t => {
  const doubling = Array.from({ length: 40 }, (_, i) => `set-ph = p${i}=%(p${i + 1})%(p${i + 1})`)
  const placeholders = folderOf(t, {
    'a.ini': `[sluice]\n${doubling.join('\n')}\nset-ph = p40=xxxxxxxx\nhttp = :0\n`,
  })
  t.match(
    problemsOf(placeholders.load('a.ini'))[0],
    /the value grows beyond 1 MB. Shorten what it refers to\.$/,
  )

  const twice = Object.fromEntries(
    Array.from({ length: 25 }, (_, i) => [`f${i}.ini`, `[sluice]\n${`include = f${i + 1}.ini\n`.repeat(2)}`]),
  )
  const files = folderOf(t, { ...twice, 'f25.ini': '[sluice]\nset-ph = x=1\n' })
  t.match(problemsOf(files.load('f0.ini'))[0], /more than 1000 files are read. Include less\.$/)

  const nested = folderOf(t, {
    'a.ini': `[sluice]\nhttp = :0\npidfile = ${'%('.repeat(5000)}${')'.repeat(5000)}\n`,
  })
  t.match(problemsOf(nested.load('a.ini'))[0], /brackets are nested more than 100 deep/)
})

// Without end, when what a variable stands for is worked out each time it is named.
t.test('variables of the environment that each name the next one twice are read at once', async t => {
  const env = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`V${i}`, `$(V${i + 1})$(V${i + 1})`]))
  const folder = folderOf(t, { 'a.ini': '[sluice]\nhttp = :0\nprocname = x$(V0)\n' }, { ...env, V60: '' })
  t.strictSame(problemsOf(folder.load('a.ini')), [])
})

t.test('a long run of blanks inside a value is read at once', async t => {
  const name = `a${' '.repeat(1_000_000)}b`
  const folder = folderOf(t, { 'a.ini': `[sluice]\nhttp = :0\nset-ph = x=${name}\n` })
  t.strictSame(problemsOf(folder.load('a.ini')), [])
})
