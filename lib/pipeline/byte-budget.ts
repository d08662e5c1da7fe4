/** A bound on what is in the works at once. */
export interface Budget {
  /** Waits until there is room, runs the work, makes room again. First come, first served. */
  run<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

/**
 * A budget of bytes and of a number of works. One work always runs, even when it is larger than the budget.
 */
export function createBudget(limits: { readonly bytes: number; readonly works: number }): Budget {
  let bytesInUse = 0;
  let worksInUse = 0;
  const waiting: { readonly bytes: number; readonly admit: () => void }[] = [];

  function hasRoom(bytes: number): boolean {
    if (worksInUse === 0) return true;
    return worksInUse < limits.works && bytesInUse + bytes <= limits.bytes;
  }

  function take(bytes: number): void {
    bytesInUse += bytes;
    worksInUse += 1;
  }

  function giveBack(bytes: number): void {
    bytesInUse -= bytes;
    worksInUse -= 1;
    for (let next = waiting[0]; next !== undefined && hasRoom(next.bytes); next = waiting[0]) {
      waiting.shift();
      take(next.bytes);
      next.admit();
    }
  }

  return {
    async run(bytes, work) {
      if (waiting.length === 0 && hasRoom(bytes)) take(bytes);
      else await new Promise<void>((admit) => waiting.push({ bytes, admit }));
      try {
        return await work();
      } finally {
        giveBack(bytes);
      }
    },
  };
}
