import { arch, cpus, platform, release } from "node:os";

/** What was measured on: figures without it mean nothing. */
export interface Machine {
  readonly os: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
}

/** This machine. */
export function describeMachine(): Machine {
  const cores = cpus();
  return {
    os: `${platform()} ${release()} ${arch()}`,
    cpu: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    node: process.version,
  };
}

/** In one line. */
export function tellMachine({ os, cpu, cores, node }: Machine): string {
  return `${os}, ${cores} × ${cpu}, Node ${node}`;
}
