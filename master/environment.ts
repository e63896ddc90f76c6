// master/environment.ts: what processes of ours must not inherit.

/** Variables that change how Node itself runs: flags, traces with client data, certificates unchecked. */
const UNWANTED = ['NODE_OPTIONS', 'NODE_DEBUG', 'NODE_TLS_REJECT_UNAUTHORIZED'] as const

/** By which systemd and upstart hand sockets to one process: children must not take them for theirs. */
export const ACTIVATION = [
  'LISTEN_PID',
  'LISTEN_PIDFDID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'UPSTART_FDS',
] as const

/** Environment for gateways. */
export function childEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = { ...env }
  for (const name of [...UNWANTED, ...ACTIVATION]) delete kept[name]
  return kept
}

/** Names of those that are set, which a warning must mention. */
export function unwantedVariables(env: NodeJS.ProcessEnv = process.env): string[] {
  return UNWANTED.filter(name => env[name])
}
