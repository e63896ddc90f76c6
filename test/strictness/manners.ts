// test/strictness/manners.ts: what no node and no client must ever get from Sluice, whatever the case was about: fields of
// the connection before it, claims about who the client is, and names that CGI would take for others.
import type { SeenAnswer, SeenRequest } from './reader.ts'

/** Concern the client's connection, or are ours to say. CGI's spelling counts, too. */
const NEVER_TO_NODES =
  /^(?:proxy|te|keep-alive|proxy-connection|proxy-authorization|http2-settings|forwarded|x-real-ip|front-end-https|x-forwarded-(?:host|port|prefix|ssl))$/
/** A twin of these would be taken for them. */
const HAS_NO_TWIN =
  /^(?:content-length|content-type|transfer-encoding|expect|upgrade|connection|x-forwarded-(?:for|proto))$/
const VARIABLES =
  /^(?:REQUEST_METHOD|PATH_INFO|REQUEST_URI|QUERY_STRING|SERVER_(?:PROTOCOL|NAME|PORT)|SCRIPT_NAME|UWSGI_ROUTER|REMOTE_(?:ADDR|PORT)|CONTENT_(?:LENGTH|TYPE)|HTTP_[!-9;-`{-~]+)$/
const NEVER_TO_CLIENTS = /^(?:keep-alive|te|proxy-connection|proxy-authenticate|status)$/

/** What is wrong with a request that a node got, in words. */
export function mannersOfRequest({ head }: SeenRequest, proto: 'http' | 'uwsgi'): string[] {
  const fields = proto === 'http' ? fieldsOf(head) : linesOf(head)
  const values = (name: string): string[] =>
    fields.filter(([other]) => other === name).map(([, value]) => value)
  const shared = proto === 'http' ? ofFields(fields) : ofVariables(fields)
  const asked = proto === 'http' ? ['connection', 'upgrade'] : ['HTTP_CONNECTION', 'HTTP_UPGRADE']
  const [connection = '', upgrade = ''] = asked.map(name => values(name).join().toLowerCase())
  const isTunnel = connection === 'upgrade' && upgrade === 'websocket'
  return [
    ...shared,
    ...(isTunnel || /^(?:|keep-alive)$/.test(connection) ? [] : [`Connection "${connection}"`]),
    ...(isTunnel || upgrade === '' ? [] : [`Upgrade "${upgrade}"`]),
  ]
}

/** What is wrong with an answer that a client got. */
export function mannersOfAnswer({ status, head }: SeenAnswer): string[] {
  const names = fieldsOf(head).map(([name]) => name)
  return [
    ...names.filter(name => NEVER_TO_CLIENTS.test(name)),
    ...(status !== 101 && names.includes('upgrade') ? ['upgrade'] : []),
  ]
}

function ofFields(fields: readonly Line[]): string[] {
  const problems: string[] = []
  const told = { 'x-forwarded-for': '', 'x-forwarded-proto': '' }
  for (const [name, value] of fields) {
    const plain = name.replaceAll('_', '-')
    const isTwin = plain !== name && (HAS_NO_TWIN.test(plain) || fields.some(([other]) => other === plain))
    if (isTwin || NEVER_TO_NODES.test(plain)) problems.push(`${name}: ${value}`)
    if (name === 'expect' && value.toLowerCase() !== '100-continue') problems.push(`Expect "${value}"`)
    if (name in told) told[name as keyof typeof told] += value
  }
  if (told['x-forwarded-for'] !== '127.0.0.1') problems.push(`X-Forwarded-For "${told['x-forwarded-for']}"`)
  if (told['x-forwarded-proto'] !== 'http') problems.push(`X-Forwarded-Proto "${told['x-forwarded-proto']}"`)
  return problems
}

function ofVariables(variables: readonly Line[]): string[] {
  const problems: string[] = []
  for (const [name, value] of variables) {
    const field = name.startsWith('HTTP_') ? name.slice(5).toLowerCase().replaceAll('_', '-') : ''
    const isForged =
      NEVER_TO_NODES.test(field) || /^(?:content-length|content-type|expect|x-forwarded-.*)$/.test(field)
    if (!VARIABLES.test(name) || isForged) problems.push(`${name}: ${value}`)
    if (name === 'REMOTE_ADDR' && value !== '127.0.0.1') problems.push(`REMOTE_ADDR "${value}"`)
  }
  return problems
}

type Line = readonly [name: string, value: string]

// Names in lower case, without the start line.
function fieldsOf(head: string): Line[] {
  return linesOf(head.slice(head.indexOf('\r\n'))).map(([name, value]) => [name.toLowerCase(), value])
}

function linesOf(head: string): Line[] {
  return head
    .split('\r\n')
    .filter(line => line !== '')
    .map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    })
}
