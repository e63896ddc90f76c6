// test/stats/router-json.test.ts: the router's JSON as uWSGI wrote it, byte for byte, and valid whatever the names hold.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { keyBucket, type RouterStats, routerJson, type SubscribedNodeStats } from '../../stats/router-json.ts'

interface Capture {
  readonly name: string
  readonly version: string
  readonly raw: string
  readonly valid_json: boolean
}

function vectors(name: string) {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'))
}

const captures: readonly Capture[] = vectors('corerouter-stats').captures

for (const { name, version, raw, valid_json } of captures) {
  if (!raw.includes('"http"')) continue // the other routers
  t.test(`${name} of uWSGI ${version}`, async t => {
    // Not valid where another router of the process owns a later socket: a comma and nothing behind it.
    const text = valid_json ? raw : raw.replace(/",\n\n\t\]/, '"\n\t]')
    t.equal(routerJson(statsOf(JSON.parse(text))), text)
  })
}

t.test('nobody subscribed', async t => {
  const text = routerJson({ ...EMPTY, subscriptions: [], isCheap: true })
  t.match(text, '\t"subscriptions":[\n\n\t],\n\t"cheap":1\n}')
  t.same(JSON.parse(text).subscriptions, [])
})

t.test('what is not there is left out', async t => {
  t.same(Object.keys(JSON.parse(routerJson(EMPTY))), [
    'version',
    'pid',
    'uid',
    'gid',
    'cwd',
    'active_sessions',
    'http',
    'cheap',
  ])
})

t.test('names that hold quotes, line breaks and more stay within their text', async t => {
  const name = 'a","cheap":1,"b":"\\\n\t\u0000\u2028é'
  const text = routerJson({
    ...EMPTY,
    cwd: name,
    http: [name],
    staticNodes: [{ name, hits: 1, grace: 0 }],
    subscriptions: [{ key: name, hits: 0, isSniEnabled: false, algo: name, nodes: [{ ...NODE, name }] }],
  })
  const read = JSON.parse(text)
  t.same([read.cwd, read.http[0], read.static_nodes[0].name], [name, name, name])
  t.same([read.subscriptions[0].key, read.subscriptions[0].nodes[0].name, read.cheap], [name, name, 0])
})

t.test('keys stand in the order of their buckets', async t => {
  for (const { key, bucket } of vectors('key-hash').vectors) t.equal(keyBucket(key), bucket, key)
  const subscriptions = ['k1', '', 'example.com:21110', 'sk'].map(key => {
    return { key, hits: 0, isSniEnabled: false, nodes: [] }
  })
  const read = JSON.parse(routerJson({ ...EMPTY, subscriptions }))
  t.same(
    read.subscriptions.map(({ hash }: { hash: number }) => hash),
    [5381, 28696, 29014, 40918],
  )
})

const EMPTY: RouterStats = {
  version: '0.1.0',
  pid: 1,
  uid: 0,
  gid: 0,
  cwd: '/',
  activeSessions: 0,
  http: [],
  staticNodes: null,
  subscriptions: null,
  isCheap: false,
}

const NODE: SubscribedNodeStats = {
  name: '127.0.0.1:1',
  modifier1: 0,
  modifier2: 0,
  lastCheck: 0,
  pid: 0,
  uid: 0,
  gid: 0,
  requests: 0,
  lastRequests: 0,
  tx: 0,
  rx: 0,
  cores: 0,
  load: 0,
  weight: 1,
  wrr: 0,
  ref: 0,
  failcnt: 0,
  isDead: false,
}

// What uWSGI wrote, as our input. Members that it lacks stay away.
// biome-ignore lint/suspicious/noExplicitAny: any JSON
function statsOf(read: any): RouterStats {
  return {
    version: read.version,
    pid: read.pid,
    uid: read.uid,
    gid: read.gid,
    cwd: read.cwd,
    activeSessions: read.active_sessions,
    http: read.http,
    staticNodes: read.static_nodes ?? null,
    subscriptions:
      // biome-ignore lint/suspicious/noExplicitAny: any JSON
      read.subscriptions?.map((one: any) => {
        const { key, hits, sni_enabled, nodes, ...rest } = one
        const { algo } = rest
        return {
          key,
          hits,
          isSniEnabled: sni_enabled === 1,
          ...(algo === undefined ? {} : { algo }),
          nodes: nodes.map(nodeOf),
        }
      }) ?? null,
    isCheap: read.cheap === 1,
  }
}

function nodeOf({ last_check, last_requests, death_mark, ...rest }: Record<string, never>) {
  return { ...rest, lastCheck: last_check, lastRequests: last_requests, isDead: death_mark === 1 }
}
