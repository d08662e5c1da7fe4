import { readFileSync } from "node:fs";

/**
 * The most memory that this process ever had resident, in bytes. Linux counts what the parent had into a process's
 * `ru_maxrss`, since a process begins as a copy of its parent; `VmHWM` begins anew with the program. Both are in KiB
 * (getrusage(2), proc_pid_status(5)).
 */
export function peakRssBytes(): number {
  const highWaterMark = process.platform === "linux" && /^VmHWM:\s+(\d+) kB$/m.exec(statusOfProcess())?.[1];
  return 1_024 * Number(highWaterMark || process.resourceUsage().maxRSS);
}

function statusOfProcess(): string {
  return readFileSync("/proc/self/status", "latin1");
}
