// routing/decision.ts: what becomes of a request, or of its answer, once rules were asked. Apart from what runs rules, which
// gateways without any never load.

/** What is to be done with the request, or with its answer. */
export type Decision = typeof PASS | typeof ANSWER | typeof SILENCE | typeof ASKS
export const PASS = 0 // to a node; or the node's answer to the client, with the edits
export const ANSWER = 1 // run.reply is the answer, with all edits in it
export const SILENCE = 2 // the connection closes without a byte
export const ASKS = 3 // run.ask first, then resume
