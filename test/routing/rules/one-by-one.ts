// test/routing/rules/one-by-one.ts: rules in the plainest way: each is tried in its turn, by code that shares nothing with the
// product. What programs decide is held against it.
import type { ChainName } from '../../../base/rules-picture.ts'

/** A template: literal text, $1, ${NAME}. */
export type Piece =
  | string
  | { readonly group: number }
  | { readonly variable: string }
  | { readonly item: string }
export type Words = readonly Piece[]

export type Test =
  | { readonly kind: 'always' }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'match'; readonly subject: string; readonly name?: string; readonly regex: string }
  | { readonly kind: 'status'; readonly status: number }
  | {
      readonly kind: 'if'
      readonly isNegated: boolean
      readonly name: string
      readonly left: Words
      readonly right: Words
    }

export interface Action {
  readonly name: string
  /** What is written before the words: "NAME=", "503 "; part of the text for all but those that look at it. */
  readonly head: string
  readonly words: Words
}

export interface Spec {
  readonly chain: ChainName
  readonly test: Test
  readonly action: Action
}

/** The line of a rule. */
export function lineOf({ chain, test, action }: Spec): string {
  const prefix = chain === 'request' ? 'route' : `${chain}-route`
  const does = `${action.name}:${action.head}${wordsText(action.words)}`
  switch (test.kind) {
    case 'always':
      return `${prefix}-run = ${does}`
    case 'label':
      return `${prefix}-label = ${test.label}`
    case 'status':
      return `${prefix}-status = ${test.status} ${does}`
    case 'if': {
      const right = test.name === 'empty' || test.name === 'exists' ? '' : `;${wordsText(test.right)}`
      const option = test.isNegated ? 'if-not' : 'if'
      return `${prefix}-${option} = ${test.name}:${wordsText(test.left)}${right} ${does}`
    }
    case 'match': {
      const subject = test.subject === 'path' ? '' : `-${OPTIONS[test.subject]}`
      const name = test.name === undefined ? '' : `${test.name} `
      return `${prefix}${subject} = ${name}${test.regex} ${does}`
    }
  }
}

const OPTIONS: Readonly<Record<string, string>> = {
  uri: 'uri',
  query: 'qs',
  host: 'host',
  address: 'remote-addr',
  agent: 'user-agent',
  referer: 'referer',
  user: 'remote-user',
  method: 'method',
  header: 'header',
  cookie: 'cookie',
}

function wordsText(words: Words): string {
  return words
    .map(piece => {
      if (typeof piece === 'string') return piece
      if ('group' in piece) return `$${piece.group}`
      return 'variable' in piece ? `\${${piece.variable}}` : `\${qs[${piece.item}]}`
    })
    .join('')
}

export interface PlainRequest {
  readonly variables: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
  readonly cookies: Readonly<Record<string, string>>
  readonly files: readonly string[]
}

interface PlainReply {
  status: number
  reason: string
  body: string
  fields: string[]
  closes: boolean
  isBegun: boolean
}

/** Bytes of variables that rules write for a request, and of fields that they add to its answer. */
const MOST_WRITTEN = 32_768

const SUBJECT_OF: Readonly<Record<string, string>> = {
  path: 'PATH_INFO',
  uri: 'REQUEST_URI',
  query: 'QUERY_STRING',
  address: 'REMOTE_ADDR',
  user: 'REMOTE_USER',
  method: 'REQUEST_METHOD',
}

type Step = 'next' | 'last' | 'break' | number

/** All that a request and its answer went through, for comparison. */
export class Plain {
  readonly written: Record<string, string> = {}
  readonly moved: Record<string, string> = {}
  readonly gone = new Set<string>()
  readonly lines: string[] = []
  readonly removed: string[] = []
  readonly logged: string[] = []
  key = ''
  reply: PlainReply = none()
  status = 0
  answer = 0
  /** Rules tried, for those who look for what differs. */
  tried = 0
  readonly #specs: readonly Spec[]
  readonly #request: PlainRequest
  #groups: readonly (string | undefined)[] = []

  constructor(specs: readonly Spec[], request: PlainRequest) {
    this.#specs = specs
    this.#request = request
  }

  request(): 'pass' | 'answer' | 'silence' {
    const decision = this.#chain('request')
    return decision === 'answer' ? this.#review(true) : decision
  }

  judge(status: number): 'pass' | 'answer' | 'silence' {
    this.answer = status
    return this.#review(false)
  }

  finish(): void {
    this.#chain('final')
  }

  #review(isReply: boolean): 'pass' | 'answer' | 'silence' {
    let kept: 'pass' | 'answer' = isReply ? 'answer' : 'pass'
    if (isReply) this.answer = this.reply.status
    for (const chain of ['error', 'response'] as const) {
      const before = this.reply
      this.reply = none()
      const decision = this.#chain(chain)
      if (decision === 'silence') return 'silence'
      if (decision === 'answer') {
        kept = 'answer'
        this.answer = this.reply.status
        this.status = 0
      } else {
        this.reply = before
        if (kept === 'answer' && this.status !== 0) {
          before.status = this.status
          before.reason = ''
          if (chain === 'response') before.fields = []
          this.status = 0
        }
        if (kept === 'answer') this.answer = before.status
      }
    }
    if (kept === 'answer') {
      const own = this.reply.fields.filter(line => !this.removed.includes(line.split(':')[0]!.toLowerCase()))
      this.reply.fields = [...own, ...this.lines]
    }
    return kept
  }

  #chain(chain: ChainName): 'pass' | 'answer' | 'silence' {
    const rules = this.#specs.filter(spec => spec.chain === chain)
    let at = 0
    while (at < rules.length) {
      const step = this.#rule(rules, at, chain)
      this.tried++
      if (step === 'next') at++
      else if (step === 'last') break
      else if (step === 'break') return this.#broken()
      else at = step
    }
    if (this.reply.isBegun) return this.#broken()
    if (this.reply.status !== 0 && chain !== 'request') this.status = this.reply.status
    this.reply = none()
    return 'pass'
  }

  #broken(): 'answer' | 'silence' {
    if (this.reply.status === 0 && this.reply.isBegun) this.reply.status = this.status || this.answer || 200
    return this.reply.status === 0 ? 'silence' : 'answer'
  }

  #rule(rules: readonly Spec[], at: number, chain: ChainName): Step {
    const { test, action } = rules[at]!
    this.#groups = []
    const holds = this.#test(test)
    if (holds === null) return this.#refuse(400)
    return holds ? this.#act(action, rules, at, chain) : 'next'
  }

  // Null: cannot be told.
  #test(test: Test): boolean | null {
    switch (test.kind) {
      case 'always':
        return true
      case 'label':
        return false
      case 'status':
        return (this.reply.status || this.status || this.answer) === test.status
      case 'match': {
        const subject = this.#subject(test.subject, test.name ?? '')
        if (subject === undefined) return false
        return this.#search(subject, test.regex)
      }
      case 'if': {
        const left = this.#fill(test.left)
        if (test.name === 'regexp') {
          const found = this.#search(left, wordsText(test.right))
          return found === null ? null : found !== test.isNegated
        }
        return this.#compare(test.name, left, this.#fill(test.right)) !== test.isNegated
      }
    }
  }

  #compare(name: string, left: string, right: string): boolean {
    if (name === 'empty') return left === ''
    if (name === 'exists') return this.#request.files.includes(left)
    if (name === 'equal') return left === right
    if (name === 'startswith') return left.indexOf(right) === 0
    if (name === 'contains') return right.length > 0 && left.split(right).length > 1
    return (Number.parseInt(left, 10) || 0) > (Number.parseInt(right, 10) || 0)
  }

  #search(subject: string, regex: string): boolean | null {
    if (subject.length > 8192) return null
    const found = new RegExp(asPcre(regex)).exec(subject)
    if (found === null) return false
    this.#groups = found
    return true
  }

  #subject(kind: string, name: string): string | undefined {
    const { fields, cookies } = this.#request
    if (kind === 'cookie') return cookies[name]
    if (kind === 'header') return this.#read(`HTTP_${name.toUpperCase().replaceAll('-', '_')}`)
    if (kind === 'host') return fields.host?.toLowerCase()
    if (kind === 'agent') return fields['user-agent']
    if (kind === 'referer') return fields.referer
    const variable = SUBJECT_OF[kind]!
    return this.moved[variable] ?? this.#request.variables[variable]
  }

  #read(name: string): string | undefined {
    if (this.written[name] !== undefined) return this.written[name]
    if (this.gone.has(name)) return undefined
    if (this.#request.variables[name] !== undefined) return this.#request.variables[name]
    return name.startsWith('HTTP_')
      ? this.#request.fields[name.slice(5).toLowerCase().replaceAll('_', '-')]
      : undefined
  }

  #fill(words: Words): string {
    return words
      .map(piece => {
        if (typeof piece === 'string') return piece
        if ('group' in piece) return this.#groups[piece.group] ?? ''
        if ('variable' in piece) return this.#read(piece.variable) ?? ''
        const items = (this.#subject('query', '') ?? '').split('&')
        return items.find(item => item.startsWith(`${piece.item}=`))?.slice(piece.item.length + 1) ?? ''
      })
      .join('')
  }

  #act({ name, head, words }: Action, rules: readonly Spec[], at: number, chain: ChainName): Step {
    const text = this.#fill(words)
    const whole = head + text
    switch (name) {
      case 'last':
        return 'last'
      case 'break':
        if (head !== '')
          this.reply = { ...none(), status: Number(head), fields: ['Content-Type: text/plain'], closes: true }
        return 'break'
      case 'return': {
        const body = { 403: 'Forbidden', 404: 'Not Found', 410: 'Gone' }[head] ?? ''
        this.reply = { ...none(), status: Number(head), body, fields: ['Content-Type: text/plain'] }
        return 'break'
      }
      case 'redirect':
        this.reply = { ...none(), status: 302, body: 'Moved', fields: [`Location: ${locationOf(whole)}`] }
        return 'break'
      case 'clearheaders':
        this.reply.status = Number(head)
        this.reply.reason = ''
        this.reply.fields = []
        return 'next'
      case 'send':
        this.reply.body += whole
        this.reply.isBegun = true
        return 'next'
      case 'goto': {
        const target = rules.findIndex(({ test }) => test.kind === 'label' && test.label === whole)
        return target > at ? target : 'break'
      }
      case 'addvar':
        return this.#write(head.slice(0, -1), text)
      case 'setpathinfo':
        return this.#move('PATH_INFO', whole)
      case 'seturi':
        return this.#move('REQUEST_URI', whole)
      case 'setuser':
        return this.#move('REMOTE_USER', whole.split(':')[0]!)
      case 'setremoteaddr':
        return this.#move('REMOTE_ADDR', whole)
      case 'setmethod':
        return this.#move('REQUEST_METHOD', whole)
      case 'rewrite-last':
      case 'rewrite': {
        const [path, query] = [head.split('?')[0]!, head.split('?')[1] ?? '']
        if (this.#move('PATH_INFO', path + text) === 'break') return 'break'
        const own = this.#read('QUERY_STRING') ?? ''
        const all = query === '' ? own : own === '' ? query : `${query}&${own}`
        if (this.#move('QUERY_STRING', all) === 'break') return 'break'
        return name === 'rewrite' ? 'next' : 'last'
      }
      case 'set-header':
        return this.#write(`HTTP_${head.split(':')[0]!.toUpperCase().replaceAll('-', '_')}`, text)
      case 'remove-header': {
        const variable = `HTTP_${head.toUpperCase().replaceAll('-', '_')}`
        delete this.written[variable]
        this.gone.add(variable)
        return 'next'
      }
      case 'addheader':
        if (/[\r\n\0]/.test(whole)) return this.#refuse(400)
        if (lengthOf([...this.lines, whole]) + 4 * (this.lines.length + 1) > MOST_WRITTEN)
          return this.#refuse(431)
        this.lines.push(whole)
        return 'next'
      case 'delheader':
        if (!this.removed.includes(whole.toLowerCase())) this.removed.push(whole.toLowerCase())
        return 'next'
      case 'key':
        if (words.some(each => typeof each !== 'string') && !/^[\w.:[\]/-]+$/.test(whole))
          return this.#refuse(400)
        this.key = whole
        return 'next'
      case 'log':
        this.logged.push(whole)
        return 'next'
      case '+': {
        const variable = head.slice(0, -1)
        const before = this.#read(variable)
        if (before === undefined) return 'break'
        return this.#write(
          variable,
          String((Number.parseInt(before, 10) || 0) + (Number.parseInt(text, 10) || 0)),
        )
      }
    }
    throw new Error(`${name} in ${chain}`)
  }

  #move(variable: string, value: string): Step {
    const step = this.#put(variable, value)
    if (step === 'next') this.moved[variable] = value
    return step
  }

  #write(variable: string, value: string): Step {
    if (variable.startsWith('HTTP_') && /[\r\n\0]/.test(value)) return this.#refuse(400)
    return this.#put(variable, value)
  }

  #put(variable: string, value: string): Step {
    const all = { ...this.written, [variable]: value }
    if (lengthOf(Object.entries(all).flat()) > MOST_WRITTEN) return this.#refuse(431)
    this.written[variable] = value
    return 'next'
  }

  #refuse(status: number): Step {
    this.reply = { ...none(), status, fields: ['Content-Type: text/plain'] }
    return 'break'
  }
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0)
}

// Of these patterns only the dot and the dollar mean something else in JavaScript.
function asPcre(regex: string): string {
  return regex.replace(/\\.|\./g, part => (part === '.' ? '[^\\n]' : part)).replace(/\$$/, '(?=\\n?$)')
}

function none(): PlainReply {
  return { status: 0, reason: '', body: '', fields: [], closes: false, isBegun: false }
}

function locationOf(text: string): string {
  return [...text]
    .map(char => {
      const code = char.charCodeAt(0)
      if (code > 0x20 && code < 0x7f) return char
      return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}
