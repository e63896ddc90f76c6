// test/strictness/judge.ts: compares what was observed with what a case demands, to the byte where it says so.
import type { AnswerCase, RequestCase } from './case.ts'
import { type Case, isRequestCase } from './cases.ts'
import { mannersOfAnswer, mannersOfRequest } from './manners.ts'
import type { Observation } from './observe.ts'

/** Has no body by its status, and announces one. */
const MAY_GO_ON = /^HTTP\/1\.1 204 [\s\S]*(?:content-length: [1-9]|transfer-encoding)/i

/** What is wrong, in words; nothing when all is as it must be. */
export function problemsOf(one: Case, seen: Observation, proto: 'http' | 'uwsgi'): string[] {
  const common = [
    ...seen.nodeFlaws.map(flaw => `the node got ${flaw}`),
    ...seen.seen.flatMap(request => mannersOfRequest(request, proto)).map(line => `the node got ${line}`),
    ...seen.answers.flatMap(mannersOfAnswer).map(line => `the client got ${line}`),
    ...(seen.clientFlaw === '' ? [] : [`the client got ${seen.clientFlaw}`]),
    ...(seen.keptProbe === '' ? [] : [`another request on its connection: ${seen.keptProbe}`]),
    ...(seen.freshProbe === '' ? [] : [`another request behind it: ${seen.freshProbe}`]),
  ]
  return [...common, ...(isRequestCase(one) ? ofRequest(one, seen, proto) : ofAnswer(one, seen))]
}

/** Whether another request on the same connection must be answered. */
export function mustGoOn(one: Case): boolean {
  if (isRequestCase(one)) return one.ends === 'kept'
  const isOver = one.gets === 'refused' || one.isEarly || / HTTP\/1\.0\r\n|upgrade/i.test(one.send)
  return !isOver
}

function ofRequest(one: RequestCase, seen: Observation, proto: 'http' | 'uwsgi'): string[] {
  const wanted = proto === 'uwsgi' && one.uwsgiSeen !== false ? one.uwsgiSeen : one.seen
  const said = seen.seen.map(request => request.said)
  const heads = seen.seen.map(request => request.head).join('')
  const bodies = seen.answers.filter(({ status }) => status === 200).map(({ body }) => body)
  const isHead = one.asks === 'HEAD'
  const own = one.answers.filter(status => status === 200).length > wanted.length // answered without a node
  const isAfterUpgrade = seen.isReused && /^(?:http_)?upgrade: /im.test(heads)
  return [
    ...(isAfterUpgrade ? ['the connection to a node that was asked to upgrade was used again'] : []),
    ...differ('the node saw', said, wanted),
    ...differ(
      'the client got',
      seen.answers.map(({ status }) => status),
      one.answers,
    ),
    ...(isHead || own ? [] : differ('the answers were to', bodies, wanted)),
    ...(one.ends === 'closed' && seen.end === 'open' ? ['the connection stays open'] : []),
    ...(one.never?.test(heads) ? [`the node got ${one.never}: ${JSON.stringify(heads)}`] : []),
    ...(one.always !== null && proto === 'http' && !one.always.test(heads)
      ? [`the node did not get ${one.always}: ${JSON.stringify(heads)}`]
      : []),
  ]
}

function ofAnswer(one: AnswerCase, seen: Observation): string[] {
  const got = seen.answers.map(({ status, body }) => `${status}${body === '' ? '' : ` ${body}`}`)
  const statuses = seen.answers.map(({ status }) => status)
  const bytes = seen.received
  const interim = one.isCut ? [] : differ('interim answers', seen.interim, one.interim)
  const patterns = [
    ...(one.never?.test(bytes) ? [`the client got ${one.never}: ${JSON.stringify(bytes)}`] : []),
    ...(one.always === null || one.always.test(bytes)
      ? []
      : [`the client did not get ${one.always}: ${JSON.stringify(bytes)}`]),
  ]
  const strangers = seen.seen.map(({ said }) => said).filter(said => !/^[A-Z]+ \/r(?: |$)/.test(said))
  if (strangers.length > 0) return [`the node saw ${JSON.stringify(strangers)}, which nobody asked for`]
  // Bytes that belong to no answer may still be on their way there.
  const isDoubtful =
    one.excess !== '' ||
    one.late !== '' ||
    one.gets === 502 ||
    one.gets === 'refused' ||
    MAY_GO_ON.test(one.reply)
  if (isDoubtful && seen.isReused) return ['the connection to the node was used again']
  if (one.gets === 'refused') {
    const isRefused =
      (statuses.length === 1 && statuses[0] === 502) || (statuses.length === 0 && seen.end === 'reset')
    return isRefused
      ? interim
      : [`the client got ${JSON.stringify(got)} and ${seen.end}, neither 502 nor a cut`]
  }
  const wanted = typeof one.gets === 'number' ? statuses : got
  return [...differ('the client got', wanted, [one.gets]), ...interim, ...patterns]
}

function differ(what: string, seen: readonly unknown[], wanted: readonly unknown[]): string[] {
  const text = JSON.stringify(seen)
  return text === JSON.stringify(wanted) ? [] : [`${what} ${text}, not ${JSON.stringify(wanted)}`]
}
