// routing/rules/actions/variables.ts: what the following rules and the node see of the request.
import { type ActionKind, EVERY_CHAIN, type Reading, WrongRule } from '../action.ts'
import { leadingNumber, readCount, readNothing } from '../arguments.ts'
import { BREAK, NEXT } from '../ask.ts'
import { fieldOf, isFieldName, isFraming } from '../fields.ts'
import { shown } from '../grammar.ts'
import type { Run, SubjectKind } from '../run.ts'
import { asBytes, constantOf, readTemplate, type Template, textOf } from '../template.ts'

interface Variable {
  readonly name: string
  readonly value: Template
}

const addVar: ActionKind<Variable> = {
  names: ['addvar'],
  ours: false,
  syntax: 'NAME=VALUE',
  doc:
    'Sets a variable: for templates of the following rules, and for the node: uwsgi nodes get all of them, http nodes ' +
    'those that begin with HTTP_, as header fields. Subjects stay what they were.',
  chains: EVERY_CHAIN,
  read(args, reading) {
    const { name, value } = readAssignment('addvar', args, reading)
    return { name: readVariable(name), value }
  },
  make({ name, value }) {
    const text = textOf(value)
    return run => run.set(name, text(run))
  },
}

/** "NAME=VALUE" behind an action; the name as it is written. @throws WrongRule */
export function readAssignment(action: string, args: string, reading: Reading): Variable {
  const equals = args.indexOf('=')
  if (equals <= 0) throw new WrongRule(`"${args}" is no NAME=VALUE`, `Write "${action}:NAME=VALUE"`)
  return { name: args.slice(0, equals), value: readTemplate(args.slice(equals + 1), reading) }
}

/** The name of a variable that a rule writes. @throws WrongRule where it stands for a field that rules may not write */
export function readVariable(text: string): string {
  const name = asBytes(text)
  if (name === '') throw new WrongRule('the name of the variable is missing', 'Write one')
  const field = fieldOf(name)
  if (field === '' && !name.startsWith('HTTP_')) return name
  if (isFraming(field)) {
    throw new WrongRule(`"${name}" belongs to the gateway, which frames messages itself`, 'Remove this rule')
  }
  if (!isFieldName(field)) {
    throw new WrongRule(`"${name}" stands for no header field`, 'Use letters, digits and "_"')
  }
  return name
}

// Sets a variable, and with it what rules of that subject are held against.
function setKind(
  name: string,
  syntax: string,
  variable: string,
  subject: SubjectKind | null,
  doc: string,
  tidy: (value: string) => string | null = value => value,
): ActionKind<Template> {
  return {
    names: [name],
    ours: false,
    syntax,
    doc,
    chains: EVERY_CHAIN,
    read(args, reading) {
      const template = readTemplate(args, reading)
      const constant = constantOf(template)
      if (constant !== null && tidy(constant) === null)
        throw new WrongRule(`${shown(args)} is no ${syntax.toLowerCase()}`, 'Write one word')
      return template
    },
    make(template) {
      const text = textOf(template)
      return run => {
        const value = tidy(text(run))
        if (value === null) return run.refuse(400)
        return subject === null ? run.set(variable, value) : run.move(subject, variable, value)
      }
    },
  }
}

const setUri: ActionKind<Template> = {
  ...setKind(
    'seturi',
    'URI',
    'REQUEST_URI',
    'uri',
    'Sets the request target: http nodes are asked for it as it is.',
  ),
  make(template) {
    const text = textOf(template)
    return run => {
      const uri = text(run)
      run.setTarget(uri)
      return run.move('uri', 'REQUEST_URI', uri)
    }
  },
}

const fixPathInfo: ActionKind<null> = {
  names: ['fixpathinfo'],
  ours: false,
  syntax: '',
  doc: 'Takes SCRIPT_NAME off the front of the path, if it is there as whole segments.',
  chains: EVERY_CHAIN,
  read: readNothing,
  make: () => run => {
    const script = run.read('SCRIPT_NAME') ?? ''
    const path = run.read('PATH_INFO') ?? ''
    if (script === '' || !path.startsWith(script)) return NEXT
    const rest = path.slice(script.length)
    if (rest !== '' && rest[0] !== '/' && !script.endsWith('/')) return NEXT
    return run.move('path', 'PATH_INFO', rest)
  },
}

function modifierKind(
  name: 'setmodifier1' | 'setmodifier2',
  field: 'modifier1' | 'modifier2',
): ActionKind<number> {
  return {
    names: [name],
    ours: false,
    syntax: 'NUMBER',
    doc: `Sets ${field} of the packet for uwsgi nodes.`,
    chains: EVERY_CHAIN,
    read: args => readCount(args, 'modifier', 255),
    make: number => run => {
      run[field] = number
      return NEXT
    },
  }
}

interface Sum {
  readonly name: string
  readonly by: Template
}

function sumKind(name: string, doc: string, operate: (a: number, b: number) => number): ActionKind<Sum> {
  return {
    names: [name],
    ours: false,
    syntax: 'VARIABLE[,NUMBER]',
    doc: `${doc} A variable that is absent ends the request like "break:".`,
    chains: EVERY_CHAIN,
    read: (args, reading) => {
      const [variable, by] = variableAndNumber(args, reading)
      return { name: readVariable(variable), by }
    },
    make(data) {
      const by = textOf(data.by)
      return run => {
        const before = run.read(data.name)
        if (before === undefined) return BREAK
        return run.set(data.name, String(whole(operate(leadingNumber(before), leadingNumber(by(run))))))
      }
    },
  }
}

/** "NAME[,NUMBER]", where a number that is not there is 1. */
export function variableAndNumber(args: string, reading: Reading): [string, Template] {
  const comma = args.indexOf(',')
  return [
    comma < 0 ? args : args.slice(0, comma),
    readInteger(comma < 0 ? '1' : args.slice(comma + 1), reading),
  ]
}

/** A whole number, or a template that gives one. @throws WrongRule for a text that can never be one */
export function readInteger(text: string, reading: Reading): Template {
  const template = readTemplate(text, reading)
  const constant = constantOf(template)
  if (constant !== null && !/^[ \t]*[+-]?\d{1,19}$/.test(constant))
    throw new WrongRule(`${shown(text)} is no whole number`, 'Write digits, or a variable that has some')
  return template
}

/** An integer that is written without an exponent. */
export function whole(number: number): number {
  return Math.trunc(Math.min(Math.max(number, -9.2e18), 9.2e18)) || 0
}

export function divided(a: number, b: number): number {
  return b === 0 ? 0 : a / b
}

// A method is a word of the head's first line.
function method(value: string): string | null {
  return isFieldName(value) ? value : null
}

function untilColon(user: string): string {
  const colon = user.indexOf(':')
  return colon < 0 ? user : user.slice(0, colon)
}

/** Makes a user of the one whom a rule has recognised. */
export function logIn(run: Run, user: string): ReturnType<Run['move']> {
  return run.move('user', 'REMOTE_USER', user)
}

export const variableActions: readonly ActionKind[] = [
  addVar,
  setKind('setpathinfo', 'PATH', 'PATH_INFO', 'path', 'Sets the decoded path.'),
  setUri,
  setKind('setmethod', 'METHOD', 'REQUEST_METHOD', 'method', 'Sets the method.', method),
  setKind(
    'setscriptname',
    'PREFIX',
    'SCRIPT_NAME',
    null,
    'Sets SCRIPT_NAME: the part of the path that leads to the application; see fixpathinfo.',
  ),
  fixPathInfo,
  setKind('setremoteaddr', 'ADDRESS', 'REMOTE_ADDR', 'address', "Sets the client's address."),
  setKind(
    'setuser',
    'USER',
    'REMOTE_USER',
    'user',
    'Sets the user; a colon and what follows is cut off.',
    untilColon,
  ),
  setKind('setscheme', 'SCHEME', 'UWSGI_SCHEME', null, 'Sets the scheme that uwsgi nodes are told.'),
  setKind('setdocroot', 'DIRECTORY', 'DOCUMENT_ROOT', null, 'Sets DOCUMENT_ROOT for uwsgi nodes.'),
  setKind(
    'setapp',
    'ID',
    'UWSGI_APPID',
    null,
    'Sets UWSGI_APPID: which of its applications a uwsgi node runs.',
  ),
  modifierKind('setmodifier1', 'modifier1'),
  modifierKind('setmodifier2', 'modifier2'),
  sumKind('+', 'Adds to a variable.', (a, b) => a + b),
  sumKind('-', 'Subtracts from a variable.', (a, b) => a - b),
  sumKind('*', 'Multiplies a variable.', (a, b) => a * b),
  sumKind('/', 'Divides a variable, without a remainder; by 0 gives 0.', divided),
]
