// config/route-kinds.ts: kinds of the values of rules and header edits: what can be said of them one by one. What a rule
// means is read by routing/rules/, with all the others at hand.
import { z } from 'zod'
import type { Kind } from './kinds.ts'
import { FORMS, type Form } from './route-families.ts'

const EXAMPLES: Readonly<Record<Form, string>> = {
  regex: '^/old redirect-permanent:/new',
  named: 'X-Beta ^yes$ key:beta.example',
  status: '502 redirect:/sorry',
  condition: 'exists:/srv/closed return:503',
  action: 'last:',
  label: 'END',
}

/** The text of a rule, as written: blanks inside have a meaning. */
export function ruleLine(form: Form): Kind<string> {
  return { schema: nonEmpty, metavar: FORMS[form], remedy: `Write ${FORMS[form]}, such as ${EXAMPLES[form]}` }
}

const nonEmpty = z.string().min(1, 'it has no value')
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** "Name: value". */
export const headerAddition: Kind<string> = {
  schema: z
    .string()
    .refine(text => text.includes(':'), 'it has no colon')
    .refine(
      text => NAME.test(text.slice(0, text.indexOf(':'))),
      'what stands before the colon is no name of a header',
    )
    .refine(text => !/[\x00-\x08\x0a-\x1f\x7f]/.test(text), 'it holds a control character'),
  metavar: 'NAME: VALUE',
  remedy: 'Write a whole header line, such as X-Frame-Options: DENY',
}

/** @returns as written */
export const headerName: Kind<string> = {
  schema: z.string().regex(NAME, 'it is no name of a header'),
  metavar: 'NAME',
  remedy: 'Write the name alone, such as Server',
}

/** "NAME VARIABLE". */
export const headerVariable: Kind<string> = {
  schema: z.string().refine(text => {
    const [name = '', variable = '', ...others] = text.split(/[ \t]+/)
    return NAME.test(name) && variable !== '' && others.length === 0
  }, 'it is not the name of a header and that of a variable'),
  metavar: 'NAME VARIABLE',
  remedy: 'Write both with a blank between them, such as X-User APP_USER',
}
