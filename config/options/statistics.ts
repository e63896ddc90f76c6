// config/options/statistics.ts: options about what an instance tells of itself.

export const statisticsOptions = {
  title: 'Statistics',
  options: {},
}
