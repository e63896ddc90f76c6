// config/plugins.ts: which of uWSGI's plugins a configuration may ask for, though Sluice loads none.

const KNOWN = new RegExp(
  `^(${[
    'python[\\d.]*m?',
    'http',
    'corerouter',
    'fastrouter',
    'rawrouter',
    'sslrouter',
    'router_.*',
    'transformation_.*',
    'cheaper_.*',
    'stats_pusher_.*',
    'alarm_.*',
    'logfile',
    'logsocket',
    'logpipe',
    'logcrypto',
    'syslog',
    'rsyslog',
    'carbon',
    'ping',
    'cache',
    'rpc',
    'signal',
    'spooler',
    'mule',
    'nagios',
    'notfound',
    'gevent',
    'asyncio',
    'greenlet',
    'ugreen',
  ].join('|')})$`,
)

/** @param plugin a name, or a path such as /usr/lib/uwsgi/plugins/http_plugin.so */
export function isKnownPlugin(plugin: string): boolean {
  const name = plugin.slice(plugin.lastIndexOf('/') + 1).replace(/(_plugin)?\.so$/, '')
  return KNOWN.test(name)
}
