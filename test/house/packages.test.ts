// test/house/packages.test.ts: missing Debian packages are named, and installed only when their owner agreed.
import t from 'tap'
import { type DebianPackage, decide, explain, missingOf, PACKAGES } from '../tools/packages.ts'

const NGINX: DebianPackage = { name: 'nginx', proof: '/usr/sbin/nginx' }
const WRK: DebianPackage = { name: 'wrk', proof: '/usr/bin/wrk' }

for (const [behaviour, missing, env, hasTerminal, decision] of [
  ['nothing missing asks for nothing', [], { CI: 'true' }, true, 'nothing to do'],
  ['in CI what is missing is installed', [WRK], { CI: 'true' }, false, 'install'],
  ['SLUICE_APT=1 installs too', [WRK], { SLUICE_APT: '1' }, false, 'install'],
  ['CI=false is not CI', [WRK], { CI: 'false' }, false, 'refuse'],
  ['on a terminal the user is asked', [WRK], {}, true, 'ask'],
  ['without a terminal nothing is changed', [WRK], {}, false, 'refuse'],
] as const) {
  t.test(behaviour, async t => t.equal(decide(missing, env, hasTerminal), decision))
}

t.test('a package is missing when the file that proves it is', async t => {
  t.same(
    missingOf([NGINX, WRK], path => path === NGINX.proof),
    [WRK],
  )
})

t.test('the explanation has a line that can be pasted', async t => {
  t.match(explain([NGINX, WRK]), /\n {2}sudo .*apt-get install -y --no-install-recommends nginx wrk\n/)
})

t.test('every package needed is here while the tests run', async t => t.same(missingOf(PACKAGES), []))
