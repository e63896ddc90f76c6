// test/support/control.ts: asks a running Sluice of a test through the control socket that its config names: control.sock.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from '../../bin/ask.ts'
import type { ReloadReport, Status } from '../../master/controls.ts'
import type { Sluice } from './sluice.ts'

/** To be part of the ini file. */
export const CONTROL = 'control-socket = control.sock\n'

/** Writes another sluice.ini and reloads it. @param ini without section and control socket */
export async function reloadWith(
  sluice: Sluice,
  ini: string,
  options: { readonly replace?: boolean } = {},
): Promise<ReloadReport> {
  writeFileSync(join(sluice.directory, 'sluice.ini'), `[sluice]\n${CONTROL}${ini}`)
  const said = await ask(socketOf(sluice), { command: 'reload', replace: options.replace ?? false })
  if (said === null || !('report' in said.answer)) throw new Error('no report of the reload')
  return said.answer.report
}

export async function statusOf(sluice: Sluice): Promise<Status> {
  const said = await ask(socketOf(sluice), { command: 'status' })
  if (said === null || !('status' in said.answer)) throw new Error('no status')
  return said.answer.status
}

function socketOf(sluice: Sluice): string {
  return join(sluice.directory, 'control.sock')
}
