// routing/rules/reply.ts: an answer that rules make themselves.

/** Of one exchange, used again; `status` 0: nothing was produced yet. */
export class Reply {
  status = 0
  /** '': the registry's phrase. */
  reason = ''
  /** "Name: value", without line ends; framing, Date and Connection are the gateway's. */
  fields: string[] = []
  /** One character a byte. */
  body = ''
  /** The connection ends with it (break). */
  closes = false

  reset(): void {
    this.status = 0
    this.reason = this.body = ''
    if (this.fields.length > 0) this.fields = []
    this.closes = false
  }
}
