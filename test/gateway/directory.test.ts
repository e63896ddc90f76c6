// test/gateway/directory.test.ts: which line of `balance` a key goes by, in a gateway's table.
import t from 'tap'
import { Directory } from '../../gateway/directory.ts'
import { joins, nodePicture, PLAIN_BALANCE, PLAIN_PICTURE } from '../support/gateway.ts'

t.test('the line of a key with a path in capitals is its own, not that of all others', async t => {
  const directory = new Directory(
    () => 0,
    () => {},
  )
  directory.configure({
    ...PLAIN_PICTURE,
    backends: [{ key: 'a.example/API', nodes: [nodePicture('http://127.0.0.1:1')] }],
    balances: [
      { ...PLAIN_BALANCE, key: '*', policy: 'wrr' },
      { ...PLAIN_BALANCE, key: 'a.example/API', policy: 'lrc' },
    ],
  })
  directory.announce([joins('b.example', 'http://127.0.0.1:2')])
  const policyOf = (host: string, path: string) => directory.table.find(host, path)?.rules.policy
  t.equal(policyOf('a.example', '/API/x'), 'lrc')
  t.equal(policyOf('b.example', '/'), 'wrr')
})
