// test/subscription/real/house.ts: a Sluice that nodes announce themselves to, and real uWSGIs that do.

import { freeUdpPort } from '../../support/ports.ts'
import { until } from '../../support/processes.ts'
import { type Sluice, startSluice } from '../../support/sluice.ts'
import { get } from '../../support/subscribing.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'
import { startUwsgi, type Uwsgi } from '../../support/uwsgi.ts'

/** The key of every uWSGI here. */
export const HOST = 'app.example'

/** For a uWSGI that announces itself twice at its start, and then not for a quarter of an hour. */
export const SELDOM: readonly string[] = ['--subscribe-freq=1000']

/** What stays when Sluice starts again. */
export interface Place {
  readonly port: number
  readonly cwd: string
}

export interface House extends Place {
  readonly sluice: Sluice
}

/** Answers with the name; "/slow" takes half a second. */
export const appThatSays = (name: string): string => `
import time
def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow": time.sleep(0.5)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"${name}"]
`

export async function freshPlace(t: Test): Promise<Place> {
  return { port: await freeUdpPort(), cwd: temporaryDirectory(t) }
}

/** @param more lines of its ini file */
export async function startHouse(t: Test, more = '', at?: Place): Promise<House> {
  const place = at ?? (await freshPlace(t))
  const sluice = await startSluice(t, {
    cwd: place.cwd,
    ini: `http = 127.0.0.1:0
http-processes = 2
http-subscription-server = 127.0.0.1:${place.port}
subscription-state = state.json
control-socket = control.sock
${more}`,
  })
  return { ...place, sluice }
}

/** Starts a uWSGI of that name. Resolves once it serves. */
export async function subscriber(
  t: Test,
  here: House,
  name: string,
  args: readonly string[] = [],
): Promise<Uwsgi> {
  const uwsgi = await startUwsgi(t, {
    app: appThatSays(name),
    args: ['--master', '--processes=2', `--subscribe-to=127.0.0.1:${here.port}:${HOST}`, ...args],
  })
  await until(`${name} serves`, async () => (await get(here.sluice.url, HOST)).body === name)
  return uwsgi
}

export async function isServed({ sluice }: House, host = HOST): Promise<boolean> {
  return (await get(sluice.url, host)).status === 200
}
