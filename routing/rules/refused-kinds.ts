// routing/rules/refused-kinds.ts: actions and conditions that uWSGI has and Sluice refuses, each with the reason. Never passed
// over in silence: a rule that is skipped may be the one that kept somebody out.

/** Sentences without their full stop. */
export interface RefusedKind {
  readonly names: readonly string[]
  readonly problem: string
  readonly remedy: string
}

const WORKER = 'needs a worker process and is not available in the gateway'
const LATER = 'belongs to a later version'
const NEVER = 'is not supported'
const SHARED = 'rules do not wait for another server'

/** The first column of docs/routing.md's list of what is refused. */
export const REFUSED_ACTIONS: readonly RefusedKind[] = [
  {
    names: ['sethome', 'setfile', 'chdir', 'setprocname'],
    problem: `${WORKER}: it changes the worker that serves the request`,
    remedy: 'Take it out, or leave it to the node',
  },
  {
    names: ['rpc', 'call', 'rpcret', 'rpcblob', 'rpcnext', 'rpcraw', 'rpcvar', 'symcall', 'symcall-next'],
    problem: `${WORKER}: it calls a function there`,
    remedy: 'Write the function for js:, or let the node decide',
  },
  {
    names: ['signal', 'spool'],
    problem: `${WORKER}: it hands over work there`,
    remedy: 'Let the node do it',
  },
  {
    names: ['xmldir', 'ssi', 'cgi', 'cgihelper', 'gridfs', 'xslt', 'toxslt'],
    problem: `${WORKER}: it makes the answer there`,
    remedy: 'Let a node answer such requests',
  },
  {
    names: ['tofile', 'to-file'],
    problem: `${WORKER}: it writes bodies to files`,
    remedy: 'Let the node write them',
  },
  {
    names: ['template'],
    problem: `${WORKER}: it would let bodies read variables of the request`,
    remedy: 'Fill templates in the application',
  },
  {
    names: ['disableheaders'],
    problem: `${WORKER}: a gateway sends no bytes without a head`,
    remedy: 'Use clearheaders:200 and addheader',
  },
  { names: ['flush'], problem: `${WORKER}: a gateway passes on what comes at once`, remedy: 'Take it out' },
  {
    names: ['cache-continue'],
    problem: `${WORKER}: an answer cannot be sent and made`,
    remedy: 'Take it out',
  },
  {
    names: ['fcgi', 'proxyfcgi'],
    problem: `${LATER}: nodes speak http or uwsgi`,
    remedy: 'Put an http or uwsgi server before that application',
  },
  {
    names: ['httpconnect', 'proxyhttpconnect'],
    problem: `${NEVER}: a tunnel leads wherever the client asks`,
    remedy: 'Take it out; upgraded connections (WebSockets) pass without it',
  },
  {
    names: ['redis', 'redis-continue', 'redisstore', 'redis-store'],
    problem: `${NEVER}: ${SHARED}`,
    remedy: 'Ask Redis in the application',
  },
  {
    names: ['memcached', 'memcached-continue', 'memcachedstore', 'memcached-store'],
    problem: `${NEVER}: ${SHARED}`,
    remedy: 'Ask memcached in the application',
  },
  {
    names: ['ldapauth', 'ldapauth-next', 'radius', 'radius-next', 'spnego', 'spnego-next', 'access'],
    problem: `${NEVER}: passwords are checked against a file`,
    remedy: 'Use basicauth with a file of passwords, or auth-request with a service that asks the directory',
  },
  {
    names: ['static', 'static-next'],
    problem: `${LATER}, which serves files`,
    remedy: 'Send such requests to a node that serves files: key: or http:',
  },
  {
    names: ['file', 'sendfile', 'fastfile', 'file-next', 'sendfile-next', 'fastfile-next'],
    problem: `${LATER}, which serves files`,
    remedy: 'Use answer: for short texts, or send such requests to a node that serves files',
  },
  {
    names: [
      'cache',
      'cachestore',
      'cache-store',
      'cachevar',
      'cacheset',
      'cacheinc',
      'cachedec',
      'cachemul',
      'cachediv',
    ],
    problem: `${LATER}, which keeps answers`,
    remedy: 'Cache in the application',
  },
  {
    names: ['gzip', 'chunked', 'fixcl', 'forcecl', 'toupper', 'offload'],
    problem: `${LATER}, which changes bodies`,
    remedy: 'Take it out; answers are framed as they must be without it. Compress in the application',
  },
]

export const REFUSED_CONDITIONS: readonly RefusedKind[] = [
  { names: ['lord'], problem: `${WORKER}: there are no legions`, remedy: 'Take the rule out' },
  { names: ['incache'], problem: `${LATER}, which keeps answers`, remedy: 'Take the rule out' },
]

const ACTIONS = byName(REFUSED_ACTIONS)
const CONDITIONS = byName(REFUSED_CONDITIONS)

/** @returns null for a name that is not one of these */
export function refusedAction(name: string): RefusedKind | null {
  return ACTIONS.get(name) ?? null
}

export function refusedCondition(name: string): RefusedKind | null {
  return CONDITIONS.get(name) ?? null
}

function byName(kinds: readonly RefusedKind[]): ReadonlyMap<string, RefusedKind> {
  return new Map(kinds.flatMap(kind => kind.names.map(name => [name, kind] as const)))
}
