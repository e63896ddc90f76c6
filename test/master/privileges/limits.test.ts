// test/master/privileges/limits.test.ts: how many descriptors are granted, and what is said where they are not.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { descriptorLimit } from '../../../master/privileges/limits.ts'
import { install } from '../../support/installation.ts'

const sluice = install(t)
const MOST = Number(readFileSync('/proc/sys/fs/nr_open', 'latin1'))

t.test('this process knows its limit', async t => {
  t.match(
    readFileSync('/proc/self/limits', 'latin1'),
    new RegExp(`^Max open files +${descriptorLimit()} `, 'm'),
  )
})

t.test('more than there are', async t => {
  const asNobody = [
    'prlimit',
    '--nofile=1000:1000',
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
  ]
  for (const [who, wrapper, wanted, says] of [
    [
      'root',
      [],
      MOST + 1,
      `is more than the ${MOST} that this machine allows. Lower it, or raise the limit: sysctl fs.nr_open=${MOST + 1}`,
    ],
    [
      'another user',
      asNobody,
      1001,
      'is more than the 1000 that user 65534 is allowed. Lower it, start as root, or raise the limit where Sluice is started: LimitNOFILE=1001 of systemd',
    ],
    [
      'root without CAP_SYS_RESOURCE',
      ['prlimit', '--nofile=1000:1000', 'setpriv', '--bounding-set=-sys_resource'],
      1001,
      'is more than the 1000 that this machine allows',
    ],
  ] as const) {
    const { code, stderr } = await sluice.run({ ini: `http = :8080\nmax-fd = ${wanted}\n`, wrapper })
    t.equal(code, 1, who)
    t.match(stderr, `sluice.ini:3: "max-fd = ${wanted}" ${says}`, who)
  }
})

t.test('without prlimit the cure is named', async t => {
  const { code, stderr } = await sluice.run({
    ini: 'http = :8080\nmax-fd = 900\n',
    wrapper: ['env', 'PATH=/usr/sbin:/sbin'],
  })
  t.equal(code, 1)
  t.match(stderr, '"max-fd = 900" cannot be set: there is no program "prlimit". Install util-linux')
})
