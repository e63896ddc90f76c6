// test/fuzz/targets/control.ts: lines that come through the control socket, and what a master says to them.
import { isDeepStrictEqual } from 'node:util'
import { readAnswer, readRequest } from '../../../master/steering/control-protocol.ts'
import { type Target, wrong } from '../target.ts'

const STATUS =
  '{"ok":true,"status":{"version":"0.1.0","pid":1,"startedAt":1,"isPaused":false,"files":["a"],"listeners":[":80"],"reloads":0,"gateways":[{"pid":2,"state":"serving","connections":1}],"counters":{"connections":1,"accepted":1,"requests":1,"refused":0},"nodes":[{"name":"http://a:1","requests":1,"failures":0,"isResting":false}],"announcements":{"taken":1,"refused":1,"reasons":[{"reason":"unsigned","count":1}],"senders":[{"source":"10.0.0.7","count":1}]}}}'
const WHY =
  '{"ok":true,"why":{"asked":"a:1","way":"host","key":"a","meanwhile":"","policy":"smooth","policyFrom":"balance","lastMinute":1,"nodes":[{"name":"http://a:1","origin":"backend","state":"up","sinceMs":1,"endsInMs":null,"why":"","weight":1,"backup":0,"limit":0,"inHand":0,"latencyMs":1,"lastMinute":1,"share":1,"requests":1,"failures":0}],"refused":[],"keys":[],"keyCount":0}}'

export const control: Target = {
  name: 'control',
  asserts:
    'a request, or words that say what is wrong; what was understood says the same when written and read again',
  seeds: () =>
    [
      '{"command":"status"}',
      '{"command":"reload","replace":true}',
      '{"command":"stop","now":false}',
      '{"ok":false,"problem":"x"}',
      '{"ok":true,"stopping":true}',
      STATUS,
      WHY,
      '{"command":"why","key":"a.b:80/x"}',
    ].map(text => Buffer.from(text)),
  hostile: () =>
    ['[', '{"a":', '"', '1', '{"command":"reload",'].map(part =>
      Buffer.from(part.repeat(4_095 / part.length)),
    ),
  dictionary: [
    '"command"',
    '"status"',
    '"reload"',
    '"stop"',
    '"replace"',
    '"now"',
    '"why"',
    '"key"',
    'true',
    'false',
    'null',
    '1e999',
    '-0',
    '"__proto__":',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"ok"',
    '\\u0000',
    '\\ud800',
    '"constructor"',
  ],
  mostBytes: 1_024,
  check(input) {
    const text = input.toString()
    const request = readRequest(text)
    if (typeof request === 'string') {
      if (!/^not understood: ./.test(request)) wrong('refused without words', request)
    } else if (!isDeepStrictEqual(readRequest(JSON.stringify(request)), request))
      wrong('means another thing again', request)
    const answer = readAnswer(text)
    // As text: JSON has no -0.
    if (answer !== null && JSON.stringify(readAnswer(JSON.stringify(answer))) !== JSON.stringify(answer))
      wrong('another answer', answer)
    return (
      (typeof request === 'string' ? Math.min(request.length, 99) : request.command.length * 100) +
      (answer === null ? 0 : 1_000)
    )
  },
  parse: input => void readRequest(input.toString()),
}
