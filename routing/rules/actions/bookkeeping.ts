// routing/rules/actions/bookkeeping.ts: logs, alarms, metrics and time limits. What cannot be done is logged, and the
// chain goes on.
import { type ActionKind, BEFORE_SENDING, EVERY_CHAIN, REQUEST_ONLY, WrongRule } from '../action.ts'
import { leadingNumber, readCount, readNothing, readPairs } from '../arguments.ts'
import { NEXT } from '../ask.ts'
import { askFile } from '../ask-file.ts'
import { httpDate } from '../functions.ts'
import type { Run } from '../run.ts'
import { asBytes, constantOf, readTemplate, type Template, textOf } from '../template.ts'
import { divided, readAssignment, readInteger, variableAndNumber, whole } from './variables.ts'

const log: ActionKind<Template> = {
  names: ['log'],
  ours: false,
  syntax: 'TEXT',
  doc: 'Writes a line to the log.',
  chains: EVERY_CHAIN,
  read: readTemplate,
  make(template) {
    const text = textOf(template)
    return run => {
      run.world.log(text(run))
      return NEXT
    }
  },
}

const logVar: ActionKind<{ name: string; value: Template }> = {
  names: ['logvar'],
  ours: false,
  syntax: 'NAME=VALUE',
  doc: 'Gives the access log a value for %(NAME) of its format.',
  chains: EVERY_CHAIN,
  read(args, reading) {
    const { name, value } = readAssignment('logvar', args, reading)
    return { name: asBytes(name), value }
  },
  make({ name, value }) {
    const text = textOf(value)
    return run => {
      run.logVariables ??= new Map()
      run.logVariables.set(name, text(run))
      return NEXT
    }
  },
}

const doNotLog: ActionKind<null> = {
  names: ['donotlog'],
  ours: false,
  syntax: '',
  doc: 'Leaves the request out of the access log.',
  chains: EVERY_CHAIN,
  read: readNothing,
  make: () => run => {
    run.isLogged = false
    return NEXT
  },
}

const doNotOffload: ActionKind<null> = {
  names: ['donotoffload'],
  ours: false,
  syntax: '',
  doc: 'Does nothing: there are no offload threads.',
  chains: EVERY_CHAIN,
  read: readNothing,
  make: () => () => NEXT,
}

const alarm: ActionKind<{ name: Template; text: Template }> = {
  names: ['alarm'],
  ours: false,
  syntax: 'NAME TEXT',
  doc: 'Raises an alarm: a line of the log with its name.',
  chains: EVERY_CHAIN,
  read(args, reading) {
    const space = args.indexOf(' ')
    if (space <= 0) throw new WrongRule(`"${args}" has no text`, 'Write "alarm:NAME TEXT"')
    return {
      name: readTemplate(args.slice(0, space), reading),
      text: readTemplate(args.slice(space + 1), reading),
    }
  },
  make(data) {
    const name = textOf(data.name)
    const text = textOf(data.text)
    return run => {
      run.world.alarm(name(run), text(run))
      return NEXT
    }
  },
}

interface Metric {
  readonly name: Template
  readonly by: Template
}

function metricKind(
  name: string,
  doc: string,
  operate: (now: number, by: number) => number,
): ActionKind<Metric> {
  return {
    names: [name],
    ours: false,
    syntax: 'NAME[,NUMBER]',
    doc: `${doc} The configuration declares it (metric = name=NAME).`,
    chains: EVERY_CHAIN,
    read(args, reading) {
      const [metric, by] = variableAndNumber(args, reading)
      const template = readTemplate(metric, reading)
      const constant = constantOf(template)
      if (constant !== null && !reading.metrics.has(constant)) {
        throw new WrongRule(`there is no metric "${metric}"`, `Declare it: metric = name=${metric}`)
      }
      return { name: template, by }
    },
    make(data, { place }) {
      const name = textOf(data.name)
      const by = textOf(data.by)
      const say = once(place)
      return run => {
        const metric = name(run)
        if (!run.program.metrics.has(metric))
          return say(run, 'the metric that the request names does not exist')
        const number = leadingNumber(by(run))
        run.world.setMetric(metric, whole(operate(run.world.metric(metric), number)))
        return NEXT
      }
    },
  }
}

const harakiri: ActionKind<number> = {
  names: ['harakiri'],
  ours: false,
  syntax: 'SECONDS',
  doc: 'The node has that long for its answer, then the client gets 504; 0: the usual time.',
  chains: REQUEST_ONLY,
  read: args => readCount(args, 'number of seconds', 86_400),
  make: seconds => run => {
    run.deadlineMs = seconds * 1000
    return NEXT
  },
}

interface Expires {
  readonly file: Template | null
  readonly unix: Template | null
  readonly more: Template
}

const expires: ActionKind<Expires> = {
  names: ['expires'],
  ours: false,
  syntax: 'filename=PATH|unix=SECONDS,value=SECONDS',
  doc: 'Adds an Expires field: so many seconds after the last change of a file, or after a time.',
  chains: BEFORE_SENDING,
  read(args, reading) {
    const { filename, unix, value = '0' } = readPairs(args, ['filename', 'unix', 'value'])
    if (filename !== undefined && unix !== undefined)
      throw new WrongRule('"filename" and "unix" cannot both be where it counts from', 'Take one of them out')
    if (filename === undefined && unix === undefined)
      reading.warn('it counts from 1970', 'Write filename=PATH, or unix=${time[unix]} for now')
    return {
      file: filename === undefined ? null : readTemplate(filename, reading),
      unix: unix === undefined ? null : readInteger(unix, reading),
      more: readInteger(value, reading),
    }
  },
  make(data, { place }) {
    const file = data.file === null ? null : textOf(data.file)
    const unix = data.unix === null ? () => '0' : textOf(data.unix)
    const more = textOf(data.more)
    const say = once(place)
    return run => {
      const seconds = leadingNumber(more(run))
      if (file === null) return addExpires(run, leadingNumber(unix(run)) + seconds)
      return askFile(run, file(run), 'time', (resumed, time) =>
        time < 0 ? say(resumed, 'the file of expires is not there') : addExpires(resumed, time + seconds),
      )
    }
  },
}

function addExpires(run: Run, seconds: number): ReturnType<Run['addLine']> {
  return run.addLine(`Expires: ${httpDate(seconds)}`)
}

// Of the requests that fail alike, the first is told of.
function once(place: string): (run: Run, problem: string) => typeof NEXT {
  let hasSpoken = false
  return (run, problem) => {
    if (!hasSpoken) run.world.log(asBytes(`${place}: ${problem}`))
    hasSpoken = true
    return NEXT
  }
}

export const bookkeepingActions: readonly ActionKind[] = [
  log,
  logVar,
  doNotLog,
  doNotOffload,
  alarm,
  metricKind('metricinc', 'Adds to a metric.', (now, by) => now + by),
  metricKind('metricdec', 'Subtracts from a metric.', (now, by) => now - by),
  metricKind('metricmul', 'Multiplies a metric.', (now, by) => now * by),
  metricKind('metricdiv', 'Divides a metric; by 0 gives 0.', divided),
  metricKind('metricset', 'Sets a metric.', (_, by) => by),
  harakiri,
  expires,
]
