// routing/rules/actions/headers.ts: header fields of the request and of the answer.
import { type ActionKind, BEFORE_SENDING, REQUEST_ONLY, type Reading, WrongRule } from '../action.ts'
import { NEXT } from '../ask.ts'
import { isFieldName, isForNoNode, isFraming, isHarmful, locationOf, nameOfLine } from '../fields.ts'
import { asBytes, constantOf, lineOf, readTemplate, type Template, textOf } from '../template.ts'

const addHeader: ActionKind<Template> = {
  names: ['addheader'],
  ours: false,
  syntax: 'NAME: VALUE',
  doc:
    'Adds a line to the head of the answer, behind all others; one that comes out empty is left out. A value with a ' +
    'line end in it makes the answer 400.',
  chains: BEFORE_SENDING,
  read(args, reading) {
    const template = readTemplate(args, reading)
    const first = template[0]
    const name = nameOfLine(typeof first === 'string' ? first : '')
    if (constantOf(template) !== null && name === '' && args !== '') {
      throw new WrongRule(`"${args}" is no header field`, 'Write "Name: value"')
    }
    if (name !== '') readName(name, reading)
    return template
  },
  make(template) {
    const first = template[0]
    const name = nameOfLine(typeof first === 'string' ? first : '')
    if (name === '' || name.toLowerCase() === 'location') {
      const text = textOf(template)
      return run => run.addLine(withLocation(text(run)))
    }
    const line = lineOf(template)
    return run => {
      const text = line(run)
      return text === null ? run.refuse(400) : run.addKnownLine(text)
    }
  },
}

// What may stand in a Location is known better than elsewhere.
function withLocation(line: string): string {
  if (!/^location:/i.test(line)) return line
  return `${line.slice(0, 9)} ${locationOf(line.slice(9).trim())}`
}

const delHeader: ActionKind<Template> = {
  names: ['delheader', 'remheader'],
  ours: false,
  syntax: 'NAME',
  doc: 'Takes a field out of the answer, whoever made it; lines of addheader and add-header stay.',
  chains: BEFORE_SENDING,
  read(args, reading) {
    const template = readTemplate(args, reading)
    const constant = constantOf(template)
    if (constant !== null && !isFieldName(constant)) throw noName(args)
    return template
  },
  make(template) {
    const name = textOf(template)
    return run => {
      run.removeLine(name(run).toLowerCase())
      return NEXT
    }
  },
}

interface Field {
  readonly name: string
  readonly value: Template
}

const setHeader: ActionKind<Field> = {
  names: ['set-header'],
  ours: true,
  syntax: 'NAME: VALUE',
  doc:
    'Sets a field of the request, in place of what the client sent, for the node, and for route-header and templates of ' +
    'the following rules. What the other options look at, and cookies, stay as the client sent them.',
  chains: REQUEST_ONLY,
  read(args, reading) {
    const field = readField(args, reading)
    checkForNodes(field.name, reading)
    return field
  },
  make({ name, value }) {
    const text = textOf(value)
    return run => run.setField(name, text(run))
  },
}

const removeHeader: ActionKind<string> = {
  names: ['remove-header'],
  ours: true,
  syntax: 'NAME',
  doc: 'Takes a field out of the request, for those who would see what "set-header" sets.',
  chains: REQUEST_ONLY,
  read(args, reading) {
    const name = readName(args, reading)
    checkForNodes(name, reading)
    return name
  },
  make(name) {
    const lower = name.toLowerCase()
    return run => {
      run.removeField(lower)
      return NEXT
    }
  },
}

const setResponseHeader: ActionKind<Field> = {
  names: ['set-response-header'],
  ours: true,
  syntax: 'NAME: VALUE',
  doc: 'Sets a field of the answer, in place of every other of that name; an empty value leaves it out.',
  chains: BEFORE_SENDING,
  read: readField,
  make({ name, value }) {
    const text = textOf(value)
    const isLocation = name.toLowerCase() === 'location'
    return run => {
      const filled = text(run)
      if (filled === '') return run.replaceLine(name, '')
      return run.replaceLine(name, `${name}: ${isLocation ? locationOf(filled) : filled}`)
    }
  },
}

const removeResponseHeader: ActionKind<string> = {
  names: ['remove-response-header'],
  ours: true,
  syntax: 'NAME',
  doc: 'Takes a field out of the answer, lines of addheader and add-header included.',
  chains: BEFORE_SENDING,
  read: readName,
  make: name => run => run.replaceLine(name, ''),
}

function readField(args: string, reading: Reading): Field {
  const colon = args.indexOf(':')
  if (colon < 0) throw new WrongRule(`"${args}" is no header field`, 'Write "Name: value"')
  const value = args.slice(colon + 1).trimStart()
  if (isHarmful(value)) throw new WrongRule('a value cannot hold line ends', 'Leave them out')
  return { name: readName(args.slice(0, colon), reading), value: readTemplate(value, reading) }
}

function readName(args: string, _reading: Reading): string {
  const name = asBytes(args)
  if (!isFieldName(name)) throw noName(args)
  if (isFraming(name.toLowerCase())) {
    throw new WrongRule(`"${name}" belongs to the gateway, which frames messages itself`, 'Remove this rule')
  }
  return name
}

function noName(args: string): WrongRule {
  return new WrongRule(`"${args}" is no name of a header field`, 'Use letters, digits and "-"')
}

// What would come to nothing is told: the rule may be the one that an application relies on.
function checkForNodes(name: string, reading: Reading): void {
  const lower = name.toLowerCase()
  if (isForNoNode(lower)) throw new WrongRule(`no node gets "${name}"`, 'Remove this rule')
  if (lower !== 'x-forwarded-for' && lower !== 'x-forwarded-proto') return
  reading.warn(
    `what http nodes get as "${name}" the gateway says itself: this rule is for uwsgi nodes alone`,
    'Give it another name, or say by trusted-proxy whose word counts',
  )
}

export const headerActions: readonly ActionKind[] = [
  addHeader,
  delHeader,
  setHeader,
  removeHeader,
  setResponseHeader,
  removeResponseHeader,
]
