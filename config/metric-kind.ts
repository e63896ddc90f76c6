// config/metric-kind.ts: `metric = NAME`, `metric = name=NAME,oid=OID`: a number that rules count with.
import { z } from 'zod'
import { type Kind, refuse } from './kinds.ts'

const LATER: Readonly<Record<string, string>> = {
  collector: 'metrics that are collected belong to a later version',
  freq: 'metrics that are collected belong to a later version',
  children: 'metrics that are collected belong to a later version',
  arg1: 'metrics that are collected belong to a later version',
  alias: 'metrics with a second name belong to a later version',
  initial_value: 'each count begins with 0',
  reset_after_push: 'counts are not pushed anywhere',
}
const REMEDY = 'Write a name, or name=shop.orders,oid=100.1'

/** @returns the name */
export const metricLine: Kind<string> = {
  schema: z.string().transform((text, ctx): string => {
    if (!text.includes('=')) return isName(text) ? text : refuse(ctx, text, badName(text))
    let name = ''
    for (const part of text.split(',')) {
      const equals = part.indexOf('=')
      const [word, value] = equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)]
      if (word === 'name') name = value
      else if (word === 'oid' && !/^\d+(\.\d+)*$/.test(value))
        return refuse(ctx, text, `"${value}" is no oid`)
      else if (word === 'type' && value !== 'counter' && value !== 'gauge')
        return refuse(ctx, text, `"${value}" is none of the types counter and gauge`)
      else if (word !== 'oid' && word !== 'type') return refuse(ctx, text, refusalOf(word), 'Leave it out')
    }
    return isName(name) ? name : refuse(ctx, text, badName(name))
  }),
  metavar: 'NAME|name=NAME[,oid=OID]',
  remedy: REMEDY,
}

function refusalOf(word: string): string {
  const reason = LATER[word.replace(/^arg[123]n?$/, 'arg1')]
  return reason === undefined ? `"${word}" is none of name=, oid=, type=` : `${word}=: ${reason}`
}

function isName(text: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(text)
}

function badName(name: string): string {
  return name === '' ? 'the name is missing' : `"${name}" is no name: only letters, digits, ".", "_" and "-"`
}
