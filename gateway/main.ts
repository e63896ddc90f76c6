// gateway/main.ts: a gateway process: sockets by inheritance, pictures by message, traffic until told to stop.
// Started by the master, never by hand.
import type { ToGateway, ToMaster, Verdict } from '../base/messages.ts'
import type { NetFilePicture } from '../base/nets.ts'
import type { KeyPicture, Picture } from '../base/picture.ts'
import type { RulesPicture } from '../base/rules-picture.ts'
import { onDefect } from './boundary.ts'
import { Gateway } from './gateway.ts'
import { Inbox } from './inbox.ts'
import { selfTest } from './node-socket.ts'
import { loadRuleCode } from './rule-code.ts'

/** Without a master nobody replaces or stops us: finish quickly. */
const ORPHAN_GRACE_MS = 3_000
/** A listener could not be had. */
const FAILED_GRACE_MS = 3_000
/** After an unexpected error nothing can be trusted for long. */
const CRASH_GRACE_MS = 5_000
const MOST_EVENTS_A_SECOND = 20

let gateway: Gateway | null = null
// What came before the first picture: a gateway listens with the whole table.
let table: KeyPicture[] = []
let verdicts: Verdict[] = []
let rules: RulesPicture[] = []
let nets: NetFilePicture[] = []
let noOrphans = false
let events = 0
let suppressed = 0

process.title = 'sluice: gateway'
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'SIGUSR2', 'SIGPIPE'] as const) {
  process.on(signal, () => {}) // the master decides, also when a terminal signals the whole group
}
const inbox = new Inbox(receive, loadRuleCode)
process.on('message', (message: ToGateway) => inbox.take(message))
process.on('disconnect', () => end(noOrphans ? 0 : ORPHAN_GRACE_MS, 0))
process.on('uncaughtException', error => crash(error))
process.on('unhandledRejection', error => crash(error))
onDefect((place, error, count) => tell('error', 'defect', { place, count, stack: stackOf(error) }))
setInterval(countEvents, 1_000).unref()
// At once: until the first picture comes there is time, as the master finds out what to tell.
const isFast = selfTest()

type PictureMessage = Extract<ToGateway, { kind: 'picture' }>

function receive(message: ToGateway): void {
  if (message.kind === 'picture') {
    if (gateway === null) void begin(message)
    else change(gateway, message)
  } else if (message.kind === 'table') {
    if (gateway === null) table.push(...message.keys)
    else gateway.announce(message.keys)
  } else if (message.kind === 'rules') {
    if (gateway === null) rules.push(message.rules)
    else gateway.learnRules(message.rules)
  } else if (message.kind === 'nets') {
    if (gateway === null) nets.push(...message.files)
    else gateway.learnNets(message.files)
  } else if (message.kind === 'limits') gateway?.grant(message.grants)
  else if (message.kind === 'verdicts') {
    if (gateway === null) verdicts.push(...message.verdicts)
    else gateway.judge(message.verdicts)
  } else if (message.kind === 'stop') end(message.graceMs, 0)
  else if (message.kind === 'retire') retire(message.graceMs)
  else if (message.kind === 'reopen') void reopenLogs()
}

async function reopenLogs(): Promise<void> {
  await gateway?.reopenLogs()
  send({ kind: 'reopened' })
}

async function begin({ picture, rests }: PictureMessage): Promise<void> {
  try {
    gateway = new Gateway(picture, table, rules, tell, counters => send({ kind: 'counters', counters }))
    gateway.learnNets(nets)
    gateway.onLimits(reports => send({ kind: 'limits', reports }))
    gateway.judge(verdicts)
    table = []
    rules = []
    nets = []
    verdicts = []
    if (rests !== undefined) gateway.rest(rests)
    follow(picture)
    await gateway.start(await isFast)
    send({ kind: 'ready' })
    send({ kind: 'applied', version: picture.version })
  } catch (error) {
    send({ kind: 'failed', problem: problemOf(error) })
    end(FAILED_GRACE_MS, 1) // what its other listeners accepted meanwhile
  }
}

// A picture that cannot be put in force leaves the one before in force.
function change(running: Gateway, { picture }: PictureMessage): void {
  try {
    running.apply(picture)
    follow(picture)
    send({ kind: 'applied', version: picture.version })
  } catch (error) {
    send({ kind: 'failed', problem: problemOf(error) })
  }
}

// What concerns the process, not its traffic.
function follow(picture: Picture): void {
  noOrphans = picture.noOrphans
  process.title = picture.processTitle
}

/** A second call can only shorten the grace. */
function end(graceMs: number, code: number): void {
  exitAfter(gateway === null ? Promise.resolve() : gateway.stop(graceMs), graceMs, code)
}

function retire(graceMs: number): void {
  exitAfter(gateway === null ? Promise.resolve() : gateway.retire(graceMs), graceMs, 0)
}

function exitAfter(ended: Promise<void>, graceMs: number, code: number): void {
  setTimeout(() => process.exit(code), graceMs + 1_000).unref()
  void ended.finally(() => process.exit(code))
}

function crash(error: unknown): void {
  tell('error', 'unexpected error: this gateway ends and is replaced', { stack: stackOf(error) })
  end(CRASH_GRACE_MS, 1)
}

// What traffic causes can come by the thousand: beyond a few lines a second only their number is told.
function tell(level: 'info' | 'warn' | 'error', text: string, fields: Record<string, string | number>): void {
  if (++events > MOST_EVENTS_A_SECOND) suppressed++
  else send({ kind: 'event', level, text, fields })
}

function countEvents(): void {
  events = 0
  if (suppressed === 0) return
  send({ kind: 'event', level: 'warn', text: 'more events were not told', fields: { count: suppressed } })
  suppressed = 0
}

function send(message: ToMaster): void {
  if (process.connected) process.send?.(message)
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
