// test/master/removed-directory.test.ts: an instance whose start directory was removed serves on.
import { rmSync } from 'node:fs'
import t from 'tap'
import { gatewayPids } from '../support/processes.ts'
import { startSluice } from '../support/sluice.ts'

t.test(
  'a gateway that dies is replaced, and a reload that cannot read the config changes nothing',
  async t => {
    const sluice = await startSluice(t, 'http = 127.0.0.1:0\nhttp-processes = 1\n')
    rmSync(sluice.directory, { recursive: true })
    const [gateway] = gatewayPids(sluice.pid)
    process.kill(gateway!, 'SIGKILL')
    await sluice.logged(/gateway is back/)
    t.equal((await fetch(sluice.url)).status, 200)
    sluice.kill('SIGHUP')
    await sluice.logged(/reload refused, nothing changed: .*sluice\.ini/)
    t.equal((await fetch(sluice.url)).status, 200)
    t.match(await sluice.stop('SIGTERM'), { code: 0 })
  },
)
