// config/foreign.ts: what to do instead of an option of uWSGI that Sluice lacks, by family.
import type { ForeignOption } from './table.ts'

/** Why an option is refused; sentences without their full stop. */
export interface Refusal {
  readonly problem: string
  readonly remedy: string
}

/**
 * Says no to an option that is uWSGI's and not ours. Those that are left to others for good (class C, and what Node
 * or our design rules out) are "not supported"; the rest is "not supported yet".
 */
export function refuseForeign(foreign: ForeignOption): Refusal {
  const isNever = foreign.class === 'C' || NEVER.test(foreign.name)
  const when = isNever ? 'not supported' : 'not supported yet'
  return { problem: `option "${foreign.name}" is ${when}`, remedy: remedyOf(foreign) ?? 'Take it out' }
}

/** @returns null for a name that no family covers: tests hold that only options of ours are such */
export function remedyOf({ name, plugin }: ForeignOption): string | null {
  return FAMILIES.find(([family]) => family.test(name))?.[1] ?? (plugin && BY_PLUGIN[plugin]) ?? null
}

const RUN_APPLICATION = 'Start the application by itself or by attach-daemon, and name its address in http-to'
const BY_SYSTEM = 'Leave it to systemd or a container'
const BEHIND = 'Take it out; set it where the application runs'
const ONE_ROUTER = 'Use http or https with http-to'
const STATIC = 'Serve files from a node named in http-to'
const STATIC_NODES = 'List the nodes by http-to'
const SUBSCRIPTIONS = 'Use http-subscription-server and its kin'
const SUBSCRIPTIONS_OR_BACKEND =
  'let nodes announce their keys to http-subscription-server, or write backend = key=HOST,address=ADDRESS'
const SHARED_MEMORY = 'Use Redis or a database in the application'
const NO_WORKERS = 'Use touch-reload: there are no workers to reload yet'
const ONE_LOG = 'Log all lines, and sort them where they are collected'
const AT_THE_DROP =
  'privileges are dropped once every socket is bound, and nothing of the configuration runs before'

/** Of class A and B, and yet for good: Node cannot set it on a socket, or systemd does it better. */
const NEVER = whole(
  'freebind|tcp-fast-?open(-client)?|socket-(snd|rcv)buf|immediate-[ug]id|cap|chroot|log-syslog|no-fd-passing|safe-fd|fd-safe|subscriptions-(use-credentials|credentials-check|sign-skip-uid)|subscription-(tolerance-inactive|vassal-required)|http-use-(cache|pattern|base|code-string|socket)',
)

/** Whole names; the first family that matches counts. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  // Addresses and protocols
  [
    whole('(uwsgi-|http-|http11-|https-|fastcgi-|scgi-)?socket|protocol|socket-protocol|map-socket'),
    ONE_ROUTER,
  ],
  [whole('.*-socket-modifier[12]|(fastcgi|scgi)-modifier[12]'), 'Use http-modifier1 and http-modifier2'],
  [whole('(suwsgi|ssl|puwsgi|raw|fastcgi-nph|scgi-nph)-socket|raw-modifier[12]'), ONE_ROUTER],
  [whole('freebind'), 'Node cannot set IP_FREEBIND: set the sysctl net.ipv4.ip_nonlocal_bind'],
  [
    whole('tcp-fast-?open(-client)?'),
    'Node cannot set TCP_FASTOPEN: set the sysctl net.ipv4.tcp_fastopen to 1027, which turns it on for every listener',
  ],
  [
    whole('socket-(snd|rcv)buf'),
    'Node cannot size the buffers of one socket: set the sysctls net.ipv4.tcp_wmem and net.ipv4.tcp_rmem',
  ],
  [whole('socket-timeout'), 'Use http-timeout'],
  [whole('shutdown-sockets|no-fd-passing|safe-fd|fd-safe'), 'Take it out: the master holds the sockets'],
  [whole('udp|multicast|snmp.*'), 'Take it out'],
  // TLS
  [whole('https2'), 'Use https = ADDR,CRT,KEY[,CIPHERS[,CA]]'],
  [whole('sni.*'), 'Give a certificate that holds all names, or an address per certificate'],
  [whole('ssl-enable.*|ssl-option'), 'Take it out: TLS 1.2 and 1.3 are spoken'],
  [whole('ssl-.*|https-session-context'), 'Take it out'],
  [whole('https-export-cert'), 'Check client certificates by the CA of https'],
  // The http router
  [whole('(fastrouter|rawrouter|sslrouter)-(subscription-.*|resubscribe.*)'), SUBSCRIPTIONS],
  [whole('http-use-(cache|code-string)'), `No program runs to choose a node: ${SUBSCRIPTIONS_OR_BACKEND}`],
  [
    whole('http-use-(pattern|base)'),
    `The Host header never makes a path: a client would choose what is connected to; ${SUBSCRIPTIONS_OR_BACKEND}`,
  ],
  [
    whole('http-use-socket'),
    'There is no socket of our own to serve from: name that of the application in http-to',
  ],
  [whole('http-zerg'), STATIC_NODES],
  [whole('http-auto-gzip'), 'Compress in the application'],
  [whole('http-harakiri'), 'Take it out: a gateway that hangs is replaced'],
  [whole('http-quiet'), 'Take it out: repeated log lines are limited'],
  [whole('http-(stud-prefix)'), 'Use https here instead of a TLS proxy before it'],
  [whole('http-manage-(source|rtsp)'), 'Let such clients reach their server directly'],
  [whole('immediate-uid'), `Use uid: ${AT_THE_DROP}`],
  [whole('immediate-gid'), `Use gid: ${AT_THE_DROP}`],
  [whole('(fastrouter|rawrouter|sslrouter|tuntap|forkpty).*'), ONE_ROUTER],
  // Announcing: first, as others begin the same
  [
    whole('subscription-notify-socket'),
    'Take it out: Node has no UNIX datagram sockets. Announcements go by UDP, and may be signed',
  ],
  [
    whole('subscribe-freq'),
    'Take it out; for an application beside Sluice, use --freq of "sluice subscribe"',
  ],
  [
    whole('weight|auto-weight'),
    'Take it out; for an application beside Sluice, use --weight of "sluice subscribe"',
  ],
  [
    whole('subscribe-with-modifier1'),
    'Take it out; for an application beside Sluice, use --modifier1 of "sluice subscribe"',
  ],
  [
    whole('start-unsubscribed|unsubscribe-on-graceful-reload'),
    'Take it out: there are no workers to announce; "sluice subscribe" announces only while its check passes',
  ],
  // Subscriptions
  [
    whole('subscriptions-(use-credentials|credentials-check|sign-skip-uid)'),
    'Only UNIX datagrams carry the ids of their sender, and Node has no such sockets: use subscription-allow, or subscriptions-sign-check',
  ],
  [
    whole('subscription-tolerance-inactive'),
    'It is about vassals that are still to be started, and nothing is started for a subscription: use subscription-tolerance',
  ],
  [
    whole('subscription-vassal-required'),
    'It asks announcements for the name of a vassal, and nothing is started for a subscription: say who may announce what by subscription-allow',
  ],
  [
    whole('subscription-clear-on-shutdown'),
    'Take it out: there are no workers to announce; "sluice subscribe" unsubscribes when it stops, and a subscription server understands what a uWSGI with this option sends',
  ],
  // Rules, headers, files
  [whole('routers?-list'), 'Take it out: docs/routing.md lists the actions of rules'],
  [whole('response-headers-limit'), 'Take it out: the head of an answer is bounded'],
  [whole('error-page-.*'), 'Write "error-route-status = 404 answer:status=404,body=…" for short texts'],
  [
    whole(
      'static-.*|check-static.*|mime-?file|mime-file|file-?serve-mode|honour-range|disable-sendfile|check-cache',
    ),
    STATIC,
  ],
  // Logs
  [whole('log-socket'), 'Use logger = socket:HOST:PORT'],
  [
    whole('log-syslog'),
    'Node cannot write to UNIX datagram sockets such as /dev/log: use logger = rsyslog:127.0.0.1 and let rsyslogd or journald listen on UDP',
  ],
  [whole('log-zeromq'), 'Use logger = rsyslog:HOST and let a log collector pass the lines on'],
  [whole('loggers?-list'), 'Take it out: the loggers are file, stdio, rsyslog and socket'],
  [whole('log-(req-)?route'), `Take it out, and the IDs of the loggers: each gets every line. ${ONE_LOG}`],
  [whole('log-(filter|drain)'), ONE_LOG],
  [whole('log-(req-)?encoder'), 'Use event-log-format, and log-format or access-log-format'],
  // Statistics
  [
    whole('stats(?!-http$).*|memory-report|metrics?-.*|enable-metrics|carbon.*|rrdtool.*|zabbix-.*|nagios'),
    'Use http-stats, or read access-log in its JSON form',
  ],
  // The process and its rights
  [whole('stop'), 'Use "sluice stop --pidfile FILE"'],
  [whole('reload'), 'Use "sluice reload --pidfile FILE"'],
  [whole('pause|suspend|resume'), 'Write p to the pipe of master-fifo, or send SIGTSTP to the master'],
  [whole('worker-reload-mercy|mule-reload-mercy'), 'Use reload-mercy'],
  [whole('touch-(workers|chain|mules|spoolers)-reload|py(thon)?-auto-?reload(-ignore)?'), NO_WORKERS],
  [whole('fs-(brutal-)?reload'), 'Use touch-reload'],
  [whole('connect-and-read|signal'), 'Send signals to the pid in the pid file'],
  [
    whole('cap'),
    'Give capabilities by AmbientCapabilities in the systemd unit; ports below 1024 need none, as they are bound before uid',
  ],
  [
    whole('chroot'),
    'Node needs its own files after the change of root: use RootDirectory or ProtectSystem in the systemd unit, or a container',
  ],
  [
    whole(
      'pivot.root|unshare2?|setns.*|jail.*|j.*id-?file|libjail|namespace.*|ns(-net)?|cgroup.*|re-?fork.*|(un)?privileged-binary.*',
    ),
    'Use systemd or a container',
  ],
  [
    whole('hook-.*|exec-.*|call-.*|u?mount-.*|after-request-.*|file-write'),
    'Run commands from the unit that starts Sluice',
  ],
  [whole('limit-(as|nproc)|prio|cpu-affinity|never-swap|ksm'), BY_SYSTEM],
  [whole('wait-(for-)?(interface|iface|fs|file|dir|mountpoint|socket).*'), 'Order the start by systemd'],
  [
    whole(
      'flock.*|fallback-config|skip-atexit.*|no-server|command-mode|force-cwd|chdir2|binsh|honour-stdin|binary-path|use-abort|clock',
    ),
    BY_SYSTEM,
  ],
  [whole('fs-.*|touch-exec|propagate-touch|check-mount.*|mount(point)?-check'), 'Use a systemd path unit'],
  [whole('notify-socket|zerg.*'), 'Take it out'],
  [whole('legion.*|unique-legion-cron|unique-cron-legion|cron-legion'), 'Use keepalived or the orchestrator'],
  [whole('attach-control-daemon|attach-daemon2|smart-attach-.*|daemons-honour-stdin'), 'Use attach-daemon'],
  [
    whole('(unique-|curl-)?cron(2|-curl|-harakiri)?|cron-curl-legion|legion-.*cron.*|curl-cron-legion'),
    'Use cron or a systemd timer',
  ],
  [
    whole('alarms?.*|(not-)?log-alarm|segfault-alarm|(lq|backlog|listen-queue)-alarm|not-alarm-log'),
    'Watch the log by a monitoring system',
  ],
  [
    whole('emperor.*|early-emperor|vassals?-.*|imperial-.*|heartbeat'),
    'Start one instance per file by a systemd template unit',
  ],
  // Reading
  [whole('(early-)?envdir'), 'Use env = NAME=VALUE'],
  [whole('get|dump-options'), 'Use "sluice show-config"'],
  [whole('print|iprint|exit|extract'), 'Take it out'],
  [whole('declare-option2?'), 'Write the options out'],
  [whole('resolve'), 'Write the name itself: names are resolved'],
  [whole('(end-)?(black|white)list|inject-.*|mode'), 'Take it out'],
  [whole('(plugins?|clocks?|loops?|cheaper(-algos?)?)-list'), 'Take it out'],
  [
    whole('for(-.*)?|end-?for|end-?if|if-.*|if(dir|env|exists|plugin)'),
    'Write the lines of this block out, or keep a file per case',
  ],
  [whole('xml(config)?|ya?ml|json|js|config|inherit'), 'Convert the file to ini'],
  // What uWSGI keeps for applications
  [whole('(cache|queue|sharedarea|add-cache|load-file).*'), SHARED_MEMORY],
  [
    whole('spooler.*|mules?.*|farm|(rb)?timer|signals?-.*|touch-signal|rpc-max'),
    'Use a job queue beside the application',
  ],
  [
    whole('(need|max)-apps?|no-default-app|(worker-)?mount|manage-script-name|ignore-script-name|vhost.*'),
    RUN_APPLICATION,
  ],
  [
    whole(
      'processes|workers|threads|threads?-stack-?size|no-threads-wait|lazy(-apps)?|async|loop|single-interpreter|worker-exec2?|map-.*',
    ),
    RUN_APPLICATION,
  ],
  [whole('harakiri.*|no-harakiri-.*|(max|min)-(requests|worker-.*)|cheap.*|idle|die-on-idle'), BEHIND],
  [
    whole(
      '(evil-)?reload-on-.*|brutal-reload-.*|mem-collector-freq|check-interval|forkbomb-delay|catch-exceptions|exception-handler',
    ),
    BEHIND,
  ],
  [whole('buffer-size'), 'Use http-max-head-size'],
  [whole('max-vars'), 'Use http-max-headers'],
  [whole('post-buffering.*|body-read-warning|chunked-input-.*|websockets?-.*|upload-progress'), BEHIND],
  [whole('(ignore|disable)-(sigpipe|write-.*)|ignore-write-errors|write-errors-.*'), BEHIND],
  [
    whole(
      'cgi-mode|reaper|locks|lock-engine|ftok|persistent-ipcsem|profiler|allowed-modifiers|remap-modifier|force-gateway',
    ),
    'Take it out',
  ],
  [
    whole('print-sym(bol)?|binary-append-data|cflags|dot-h|config-py|build-plugin|dlopen'),
    'Take it out: there is no binary to build',
  ],
]

/** For families that one plugin holds whole. */
const BY_PLUGIN: Readonly<Record<string, string>> = {
  python: RUN_APPLICATION,
  pypy: RUN_APPLICATION,
  cheaper_busyness: BEHIND,
  zergpool: 'Take it out',
  cgi: 'Run the scripts behind a CGI server and name it in http-to',
  ping: 'Take it out',
  gevent: RUN_APPLICATION,
  asyncio: RUN_APPLICATION,
  greenlet: RUN_APPLICATION,
  tornado: RUN_APPLICATION,
  stackless: RUN_APPLICATION,
  symcall: 'Take it out: no native code is loaded',
  webdav: 'Run a WebDAV server and name it in http-to',
  psgi: RUN_APPLICATION,
  coroae: RUN_APPLICATION,
  rack: RUN_APPLICATION,
  fiber: RUN_APPLICATION,
  rbthreads: RUN_APPLICATION,
  lua: RUN_APPLICATION,
  php: 'Run PHP behind its own server and name it in http-to',
  xslt: 'Transform in the application',
  geoip: 'Look addresses up in the application',
  glusterfs: STATIC,
  rados: STATIC,
  jvm: RUN_APPLICATION,
  jwsgi: RUN_APPLICATION,
  ring: RUN_APPLICATION,
  mono: RUN_APPLICATION,
  gccgo: RUN_APPLICATION,
  ldap: 'Keep the configuration in ini files',
  sqlite3: 'Keep the configuration in ini files',
  pty: 'Take it out',
  pam: 'Authenticate in the application',
}

function whole(names: string): RegExp {
  return new RegExp(`^(?:${names})$`)
}
