// routing/rules/actions/basic-auth.ts: users with passwords (RFC 7617).
import { type ActionKind, REQUEST_ONLY, type Reading, WrongRule } from '../action.ts'
import { ASK, type Ask, BREAK, NEXT } from '../ask.ts'
import type { PasswordAnswer, PasswordAsked } from '../asked.ts'
import { isHarmful } from '../fields.ts'
import type { Run } from '../run.ts'
import { asBytes } from '../template.ts'
import { answer } from './replies.ts'
import { logIn } from './variables.ts'

interface BasicAuth {
  readonly realm: string
  /** null: nobody gets in. */
  readonly known: PasswordAsked['known'] | null
}

function authKind(name: string, doc: string, goesOn: boolean): ActionKind<BasicAuth> {
  return {
    names: [name],
    ours: false,
    syntax: 'REALM,USER:PASSWORD|FILE',
    doc,
    chains: REQUEST_ONLY,
    read(args, reading) {
      const comma = args.indexOf(',')
      if (comma < 0)
        throw new WrongRule(`"${args}" has no users`, 'Write "REALM,USER:PASSWORD" or "REALM,FILE"')
      const realm = asBytes(args.slice(0, comma))
      if (isHarmful(realm) || realm.includes('"')) {
        throw new WrongRule('a realm cannot hold quotes or line ends', 'Leave them out')
      }
      return { realm, known: readUsers(args.slice(comma + 1), reading) }
    },
    make({ realm, known }) {
      return run => {
        if ((run.subject('user') ?? '') !== '') return NEXT
        const given = credentials(run.field('authorization'))
        if (given === null) return challenge(run, realm)
        if (known === null) return goesOn ? NEXT : challenge(run, realm)
        const asked: PasswordAsked = { known, ...given }
        const ask: Ask = {
          kind: 'password',
          data: asked,
          settle(resumed, said) {
            const told = said as PasswordAnswer | null | undefined
            if (told?.kind === 'right') return logIn(resumed, given.user)
            if (told?.kind === 'refused') return refuse(resumed, told.status, told.retryAfterSeconds)
            return goesOn ? NEXT : challenge(resumed, realm)
          },
        }
        run.ask = ask
        return ASK
      }
    },
  }
}

function readUsers(text: string, { files, warn }: Reading): BasicAuth['known'] {
  if (text === '') return null
  const colon = text.indexOf(':')
  if (colon < 0) {
    const file = files.path(text)
    const trouble = files.trouble(file)
    if (trouble !== '')
      warn(`nobody gets in, as ${file} cannot be read: ${trouble}`, 'Make the file, or correct its name')
    return { file }
  }
  return { user: asBytes(text.slice(0, colon)), password: asBytes(text.slice(colon + 1)) }
}

// Strictly: of two fields, which arrive joined, a node might believe the other one.
function credentials(field: string | undefined): { user: string; password: string } | null {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+={0,2})[ \t]*$/.exec(field ?? '') ?? []
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('latin1')
  const colon = text.indexOf(':')
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

function challenge(run: Run, realm: string): ReturnType<typeof answer> {
  answer(run, 401, 'Authorization Required', '', 'Unauthorized')
  run.reply.fields.push(`WWW-Authenticate: Basic realm="${realm}"`)
  return BREAK
}

function refuse(run: Run, status: number, retryAfter: number): ReturnType<typeof answer> {
  run.refuse(status)
  run.reply.fields.push(`Retry-After: ${Math.max(1, Math.ceil(retryAfter))}`)
  return BREAK
}

export const basicAuthActions: readonly ActionKind[] = [
  authKind(
    'basicauth',
    'Lets in users with that password, or with one of an htpasswd file; others get 401. Who is known already ' +
      '(REMOTE_USER) passes.',
    false,
  ),
  authKind(
    'basicauth-next',
    'As "basicauth", but a wrong password goes on to the following rules. Without any it is 401.',
    true,
  ),
]
