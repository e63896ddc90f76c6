// test/bin/why.test.ts: `sluice why` on a running instance with nodes of its config, and of announcements that it refused.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { CONTROL } from '../support/control.ts'
import { freePort, freeUdpPort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../support/raw-client.ts'
import { startRawNode } from '../support/raw-node.ts'
import { freshDirectory, runSluice, startSluice } from '../support/sluice.ts'
import { announcer } from '../support/subscribing.ts'

t.jobs = 3

t.test('a key with a node that serves and one that rests', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send(answer('hello'))
      }
    },
  })
  const dead = await freePort()
  const sluice = await startSluice(t, {
    ini: `${CONTROL}http = 127.0.0.1:0
http-processes = 1
backend = key=shop.example,address=http://${node.address},weight=2
backend = key=shop.example,address=http://127.0.0.1:${dead}
`,
  })
  const why = (...words: string[]) => {
    return runSluice(t, { args: ['why', ...words, '--control', 'control.sock'], cwd: sluice.directory })
  }
  for (let i = 0; i < 4; i++) {
    const client = await connectRaw(
      t,
      { port: Number(new URL(sluice.url).port) },
      request('GET /', 'Host: shop.example'),
    )
    t.equal((await readAnswer(client)).status, 200)
    client.socket.destroy()
  }
  await until('all is counted', async () => {
    const { nodes } = JSON.parse((await why('shop.example', '--json')).stdout)
    return nodes[0].requests === 4 && nodes[1].state === 'resting'
  })
  const { code, stdout, stderr } = await why('Shop.Example:8080')
  t.same([code, stderr], [0, ''])
  t.match(stdout, /^Shop\.Example:8080 is served by key shop\.example, the host without its port\n/)
  t.match(stdout, / {2}policy {7}smooth \(subscription-algo\)\n/)
  t.match(stdout, `http://${node.address} (backend)\n  state        up for `)
  t.match(stdout, /weight 2, 0 in hand/)
  t.match(
    stdout,
    new RegExp(`http://127\\.0\\.0\\.1:${dead} \\(backend\\)\\n  state        resting for \\d+ s, \\d+ s`),
  )
  t.match(stdout, / {2}so far {7}4 requests, 0 failures\n/)

  const unknown = await why('else.example')
  t.same([unknown.code, unknown.stdout], [1, ''])
  t.match(
    unknown.stderr,
    /^sluice: nobody serves "else\.example"\. Served are shop\.example\. Add a line backend = /,
  )
  const asJson = await why('else.example', '--json')
  t.equal(asJson.code, 1)
  t.match(JSON.parse(asJson.stdout), { way: 'nobody', keys: ['shop.example'] })
})

t.test('a host that http-to serves', async t => {
  const port = await freePort()
  const sluice = await startSluice(t, { ini: `${CONTROL}http = 127.0.0.1:0\nhttp-to = 127.0.0.1:${port}\n` })
  const { code, stdout } = await runSluice(t, {
    args: ['why', 'any.example', '--control', 'control.sock'],
    cwd: sluice.directory,
  })
  t.equal(code, 0)
  t.match(stdout, /^any\.example is served by http-to: no key of its own\n/)
  t.match(stdout, `uwsgi://127.0.0.1:${port} (http-to)\n`)
})

t.test('what fills the pipe of a slow reader arrives whole', async t => {
  const lines = Array.from(
    { length: 3_000 },
    (_, i) => `backend = key=a.example,address=127.0.0.1:${i + 1}\n`,
  )
  const { directory: cwd } = await startSluice(t, { ini: `${CONTROL}http = 127.0.0.1:0\n${lines.join('')}` })
  const args = ['why', 'a.example', '--json', '--control', 'control.sock']
  const sluice = `${process.execPath} ${join(import.meta.dirname, '../../bin/sluice.js')} ${args.join(' ')}`
  const { stdout } = spawnSync('sh', ['-c', `${sluice} | cat`], { cwd, maxBuffer: 1e8 })
  t.equal(JSON.parse(String(stdout)).nodes.length, 3_000)
  const left = spawnSync('sh', ['-c', `${sluice} | head -c 1`], { cwd })
  t.same([String(left.stdout), String(left.stderr)], ['{', ''], 'nor does it mind one who reads no more')
})

for (const [what, words, message] of [
  ['no key', [], 'sluice: no key was given. Write "sluice why shop.example".\n'],
  ['two keys', ['a', 'b'], 'sluice: more than one key was given. Ask for one at a time.\n'],
  ['a key beyond all measure', ['a'.repeat(1_001)], 'sluice: the key is longer than 1000 characters.\n'],
  ['nobody there', ['a', '--control', 'none.sock'], /^sluice: nobody listens at none\.sock\. /],
] as const) {
  t.test(`${what} is told in words`, async t => {
    const { code, stdout, stderr } = await runSluice(t, ['why', ...words])
    t.same([code, stdout], [1, ''])
    if (typeof message === 'string') t.equal(stderr, message)
    else t.match(stderr, message)
  })
}

t.test('--help', async t => {
  const { code, stdout } = await runSluice(t, ['why', '--help'])
  t.equal(code, 0)
  t.match(stdout, /^Usage: sluice why KEY/)
})

t.test('a host that nobody announces: where a node could, and what the config could say', async t => {
  const port = await freeUdpPort()
  const sluice = await startSluice(t, {
    ini: `${CONTROL}http = 127.0.0.1:0
http-subscription-server = 127.0.0.1:${port}
subscription-state = none
`,
  })
  const { code, stderr } = await runSluice(t, {
    args: ['why', 'shop.example', '--control', 'control.sock'],
    cwd: sluice.directory,
  })
  t.equal(code, 1)
  t.match(
    stderr,
    `No key is served. Let its node announce it to 127.0.0.1:${port} (subscribe-to in uWSGI, else "sluice subscribe"), or add a line backend = `,
  )
})

t.test(
  'refused announcements: of a key in any spelling, though http-to serves it, and in numbers',
  async t => {
    const port = await freeUdpPort()
    const sluice = await startSluice(t, {
      ini: `${CONTROL}http = 127.0.0.1:0
http-processes = 1
http-to = 127.0.0.1:${await freePort()}
http-subscription-server = 127.0.0.1:${port}
subscriptions-sign-check = SHA256:${freshDirectory(t)}
subscription-state = none
`,
    })
    const ask = async (...words: string[]) => {
      const args = [...words, '--control', 'control.sock']
      return (await runSluice(t, { args, cwd: sluice.directory })).stdout
    }
    t.match(await ask('status'), '\nannounced    0 taken, 0 refused\n')
    const node = await announcer(t, port)
    await node.say({ key: 'Shop.Example' })
    await node.say({ key: 'Shop.Example' })
    await node.say({ key: 'blog.example', address: '127.0.0.1:2' })
    await until('all are counted', async () => {
      const { announcements } = JSON.parse(await ask('status', '--json'))
      return announcements.refused === 3
    })
    t.match(await ask('status'), '\nrefused      3 unsigned; 3 from 127.0.0.1\n')
    const told = await ask('why', 'shop.example')
    t.match(told, 'shop.example is served by http-to')
    t.match(told, /announcements refused\n +2 from 127\.0\.0\.1: it is not signed\n/)
    t.match(
      await ask('why', 'blog.example'),
      /announcements refused\n +1 from 127\.0\.0\.1: it is not signed\n/,
    )
  },
)
