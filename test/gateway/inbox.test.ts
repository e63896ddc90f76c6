// test/gateway/inbox.test.ts: rules that come in parts are whole before what comes behind them, and stop no turn for long.
import t from 'tap'
import type { ToGateway } from '../../base/messages.ts'
import type { RulePicture } from '../../base/rules-picture.ts'
import { Inbox } from '../../gateway/inbox.ts'
import { RulesStore } from '../../master/rules-store.ts'
import { partsOf } from '../../master/rules-writer.ts'

const loaded = async (): Promise<void> => {}

const REOPEN: ToGateway = { kind: 'reopen' }

function rulesOf(count: number, big = ''): RulePicture[] {
  return Array.from({ length: count }, (_, i) => {
    return { place: `a.ini:${i}`, test: { kind: 'always' }, action: { name: 'log', data: `${i}${big}` } }
  })
}

function parcel(count: number, big?: string) {
  const store = new RulesStore()
  const rules = rulesOf(count, big)
  const headers = [{ kind: 'remove', name: 'server' }] as const
  const chains = {
    request: { rules, index: Uint8Array.of(1, 2) },
    final: { rules: rules.slice(0, 3), index: null },
  }
  const id = store.add(partsOf({ chains, headers, metrics: ['m'] }))
  return { store, id, whole: { id, chains, headers, metrics: ['m'] }, messages: store.messages(id) }
}

t.test('parts become the rules that they are of, and what follows waits for them', async t => {
  const { messages, whole } = parcel(5000)
  const heard: ToGateway[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const inbox = new Inbox(message => {
    heard.push(message)
    if (heard.length === 3) resolve()
  }, loaded)
  inbox.take(REOPEN)
  t.same(heard, [REOPEN], 'nothing waits while there are no parts')
  for (const message of messages) inbox.take(structuredClone(message))
  inbox.take({ kind: 'stop', graceMs: 1 })
  t.equal(heard.length, 1)
  let turns = 0
  const count = () => {
    turns++
    if (heard.length < 3) setImmediate(count)
  }
  count()
  await promise
  t.same(heard, [REOPEN, { kind: 'rules', rules: whole }, { kind: 'stop', graceMs: 1 }])
  t.ok(turns >= messages.length, 'other work was done between the parts')
})

t.test('a part is small, whatever the rules hold', async t => {
  const { messages } = parcel(600, 'x'.repeat(10_000))
  for (const message of messages) t.ok(message.kind === 'rules-part' && message.bytes.length < 200_000)
})

t.test('the same rules have the same id, others another one', async t => {
  const { store, id, whole } = parcel(10)
  const { chains, headers, metrics } = whole
  t.equal(store.add(partsOf({ chains: structuredClone(chains), headers, metrics })), id)
  const wide = `${'x'.repeat(20)}→`.slice(0, 20) // the same text, with two bytes a character
  const [narrow, wider] = ['x'.repeat(20), wide].map(data => {
    const rules = [{ ...rulesOf(1)[0]!, action: { name: 'log', data } }]
    return partsOf({ chains: { request: { rules, index: null } }, headers, metrics })
  })
  t.notSame(narrow, wider)
  t.equal(store.add(narrow!), store.add(wider!), 'also when they have other bytes')
  const other = store.add(partsOf({ chains, headers: [], metrics }))
  t.not(other, id)
  t.equal(store.add(null), 0)
  store.keep(other)
  t.same(store.messages(id), [])
  t.not(store.add(partsOf({ chains, headers, metrics })), id, 'ids are never used again')
})

t.test('an index of megabytes comes in slices, and is whole again', async t => {
  const index = {
    always: Int32Array.from({ length: 50_000 }, (_, i) => i),
    subjects: [
      {
        exact: { firstRule: Int32Array.from({ length: 100_000 }, (_, i) => 2 * i), few: new Uint8Array(10) },
        literals: { few: Int32Array.of(1, 2), entered: new Uint8Array(200_000).fill(7), none: null },
      },
    ],
  }
  const store = new RulesStore()
  const id = store.add(
    partsOf({ chains: { request: { rules: rulesOf(3), index } }, headers: [], metrics: [] }),
  )
  const { promise, resolve } = Promise.withResolvers<ToGateway>()
  const inbox = new Inbox(resolve, loaded)
  for (const message of store.messages(id)) {
    t.ok(message.kind === 'rules-part' && message.bytes.length < 100_000)
    inbox.take(structuredClone(message))
  }
  const heard = await promise
  t.strictSame(heard.kind === 'rules' && heard.rules.chains.request?.index, index)
})

for (const [of, message] of [
  ['rules', { kind: 'rules', rules: { id: 1, chains: {}, headers: [], metrics: [] } }],
  ['a list of networks', { kind: 'nets', files: [] }],
] as const) {
  t.test(
    `${of} waits for the code that runs rules, and so does what follows, but not what came before`,
    async t => {
      const heard: ToGateway[] = []
      const code = Promise.withResolvers<void>()
      const all = Promise.withResolvers<void>()
      let loads = 0
      const inbox = new Inbox(
        heardOne => {
          heard.push(heardOne)
          if (heard.length === 4) all.resolve()
        },
        () => {
          loads++
          return code.promise
        },
      )
      inbox.take(REOPEN)
      t.same([heard, loads], [[REOPEN], 0], 'nobody loads it without need')
      for (const next of [message, REOPEN, message]) inbox.take(next)
      await new Promise<void>(resolve => setImmediate(resolve))
      t.same(heard, [REOPEN])
      code.resolve()
      await all.promise
      t.same(heard, [REOPEN, message, REOPEN, message])
      inbox.take(message)
      t.equal(heard.length, 5, 'once it is there, nothing waits')
      t.equal(loads, 1)
    },
  )
}
