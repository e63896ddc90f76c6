// config/options/health.ts: options about how nodes are watched.

export const healthOptions = {
  title: 'Health',
  options: {},
}
