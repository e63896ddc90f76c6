// base/errors.ts: every failure Sluice can name; docs/errors.md is printed from this table.

export const ERRORS = {
  SLUICE_OPTION_INVALID: {
    side: 'internal',
    remedy: 'Correct the option named above, then start or reload again.',
  },
  SLUICE_CONFIG_UNREADABLE: { side: 'internal', remedy: 'Check that the file exists and may be read.' },
  SLUICE_BIND_FAILED: {
    side: 'internal',
    remedy: 'Free the address, choose another one, or run with the right to bind it.',
  },
  SLUICE_CERTIFICATE_INVALID: {
    side: 'internal',
    remedy: 'Give a PEM certificate chain and its unencrypted PEM key.',
  },
  SLUICE_START_FAILED: { side: 'internal', remedy: 'See the cause above.' },
  SLUICE_RELOAD_REFUSED: {
    side: 'internal',
    remedy: 'The old config is in force. Correct the new one as the message says, then reload again.',
  },
  SLUICE_NODE_VERSION: { side: 'internal', remedy: 'Run Sluice with Node 24.19 or newer.' },
  SLUICE_GATEWAY_DIED: {
    side: 'internal',
    remedy: 'It was replaced; see the cause in the same line, and the lines before it.',
  },
  SLUICE_DAEMON_ENDED: {
    side: 'internal',
    remedy: 'Let the command of attach-daemon stay in the foreground; see its own output.',
  },
  SLUICE_NODE_UNRESOLVED: {
    side: 'upstream',
    remedy: 'Correct the host name of the node, or the DNS of this machine.',
  },
  SLUICE_LOG_FAILED: {
    side: 'internal',
    remedy:
      'Make room on the disk, or make its directory writable for the user of Sluice; or see why the receiver is away.',
  },
  SLUICE_SUBSCRIPTION_REFUSED: {
    side: 'upstream',
    remedy:
      'Leave it so when the sender is a stranger; else correct what it sends, or add the line of subscription-allow that is named. docs/wire/subscription.md has the reasons.',
  },
  SLUICE_SUBSCRIPTION_KEY: {
    side: 'internal',
    remedy:
      'Correct the public key in the directory of subscriptions-sign-check; it is read again by itself.',
  },
  SLUICE_SUBSCRIPTION_STATE: {
    side: 'internal',
    remedy:
      'Let the user of Sluice write the file of subscription-state, or its directory. Until then a restart knows no nodes, and refuses packets that were signed before it.',
  },
  SLUICE_INTERNAL: { side: 'internal', remedy: 'Set SLUICE_DEBUG=1 to see the stack, and report it.' },
} as const satisfies Record<string, { side: 'downstream' | 'upstream' | 'internal'; remedy: string }>

export type ErrorCode = keyof typeof ERRORS

/** A failure with a name. Match on `code`, never on text. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError'
  readonly code: ErrorCode

  /** @param problem what happened, to what, with the value seen: "node 10.0.0.7:80 refused" */
  constructor(code: ErrorCode, problem: string, options?: ErrorOptions) {
    super(problem, options)
    this.code = code
  }
}
