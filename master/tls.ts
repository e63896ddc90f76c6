// master/tls.ts: the certificates of a plan, as the picture carries them; a self-signed one is made where asked for.
import type { TlsPicture } from '../base/picture.ts'
import { selfSigned } from '../certs/manage/self-signed.ts'
import { openStateDirectory, stateDirectories } from '../certs/manage/state-directory.ts'
import type { Place } from '../config/config.ts'
import type { Log } from './logs/log.ts'
import type { StartPlan } from './plan.ts'
import { StartRefused } from './refused.ts'

/** One for each listener of the plan. @throws StartRefused */
export async function tlsPictures(
  plan: Pick<StartPlan, 'tls' | 'listeners'>,
  log: Log,
): Promise<(TlsPicture | null)[]> {
  const pictures: (TlsPicture | null)[] = []
  for (const [i, tls] of plan.tls.entries()) {
    const place = plan.listeners[i]!.place
    const certificate =
      tls?.certificate === 'self-signed' ? await ownCertificate(place, log) : tls?.certificate
    pictures.push(
      tls && certificate ? { cert: certificate.cert, key: certificate.key, ...tls.settings } : null,
    )
  }
  return pictures
}

async function ownCertificate(place: Place, log: Log): Promise<{ cert: string; key: string }> {
  const directory = openStateDirectory()
  if (directory === null) {
    throw new StartRefused('SLUICE_CERTIFICATE_INVALID', [{ place, ...stateProblem(stateDirectories()) }])
  }
  const made = await selfSigned(directory)
  if ('problem' in made) throw new StartRefused('SLUICE_CERTIFICATE_INVALID', [{ place, ...made }])
  if (made.isNew) log.info({ file: made.file }, 'made a self-signed certificate')
  return made
}

function stateProblem(tried: readonly string[]): { problem: string; remedy: string } {
  const [first, ...others] = tried
  const [who, which] =
    others.length === 0 ? [`${first} cannot`, 'it'] : [`none of ${tried.join(', ')} can`, 'one of them']
  return {
    problem: `${who} hold the self-signed certificate`,
    remedy: `Make ${which} writable, or name another directory in STATE_DIRECTORY`,
  }
}
