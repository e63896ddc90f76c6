// test/bin/service-unit.test.ts: the systemd unit of examples/ is well formed, and hardened as systemd judges it.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../support/tmp.ts'

/** Of 10; systemd calls what is below 2 good. */
const MOST_EXPOSED = 2
const UNIT = readFileSync(new URL('../../examples/sluice.service', import.meta.url), 'utf8')

t.test('systemd understands every line', async t => {
  const { status, stderr } = analyze('verify', file(t))
  t.same([status, stderr], [0, ''])
})

t.test('little of the machine is exposed to it', async t => {
  const { stdout } = analyze('security', '--offline=true', file(t))
  const level = Number(/exposure level for sluice\.service: ([\d.]+)/.exec(stdout)?.[1])
  t.ok(
    level < MOST_EXPOSED,
    stdout
      .split('\n')
      .filter(line => line.startsWith('✗'))
      .join('\n'),
  )
})

t.test('what Node and the way we speak to systemd need is there', async t => {
  t.match(UNIT, /^Type=notify\nNotifyAccess=all$/m)
  t.notMatch(UNIT, /^MemoryDenyWriteExecute=/m)
  t.match(UNIT, /^RestrictAddressFamilies=.*AF_UNIX/m)
})

t.test('its program is where a checkout has it', async t => {
  const [, name] = /^ExecStart=\/opt\/sluice\/(\S+) /m.exec(UNIT)!
  t.match(UNIT, `ExecReload=/opt/sluice/${name} reload --pid $MAINPID`)
  t.doesNotThrow(() => accessSync(new URL(`../../${name}`, import.meta.url), constants.X_OK))
})

// The program is not installed here.
function file(t: Parameters<typeof temporaryDirectory>[0]): string {
  const path = join(temporaryDirectory(t), 'sluice.service')
  writeFileSync(
    path,
    UNIT.replaceAll('/opt/sluice/bin/sluice', '/bin/true').replace(/^Documentation=.*\n/m, ''),
  )
  return path
}

function analyze(...args: string[]) {
  return spawnSync('systemd-analyze', args, { encoding: 'utf8' })
}
