// test/long/reload-machine.ts: what the kernel counts: the CPU time of a system and how busy the machine is without us.
import { readFileSync } from 'node:fs'
// sleeps: how busy a machine is shows over some time only
import { setTimeout as pause } from 'node:timers/promises'
import { tree } from '../../bench/processes.ts'

/** Of the kernel's clock that counts CPU time; Linux has said 100 for ever. */
const TICKS_A_SECOND = 100
const IDLE_MS = 2_000

/** Seconds that all processes of a system have run, those that ended among them. */
export function cpuSeconds(pid: number): number {
  return tree(pid).reduce((sum, one) => sum + ticks(one), 0) / TICKS_A_SECOND
}

/** The share of all CPUs, 0 to 1, that nobody uses at the moment. */
export async function idleShare(): Promise<number> {
  const before = cpuLine()
  await pause(IDLE_MS)
  const after = cpuLine()
  const passed = after.map((value, i) => value - before[i]!)
  return passed[3]! / passed.reduce((sum, value) => sum + value, 0)
}

// Its own time in user and kernel mode, and that of children that ended.
function ticks(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  } catch {
    return 0
  }
}

// user nice system idle iowait irq softirq steal
function cpuLine(): number[] {
  return readFileSync('/proc/stat', 'latin1').split('\n')[0]!.split(/ +/).slice(1, 9).map(Number)
}
