import { defineConfig } from "vitest/config";

/** Where a machine wants the results as JSON; people get the default report. */
const resultsFile = process.env.TEST_RESULTS_FILE;

const common = { testTimeout: 30_000, hookTimeout: 30_000 };

export default defineConfig({
  test: {
    reporters: resultsFile === undefined ? ["default"] : ["default", ["json", { outputFile: resultsFile }]],
    projects: [
      {
        test: {
          ...common,
          name: "suites",
          include: ["test/**/*.test.ts"],
          exclude: ["test/memory/**", "test/infra/**"],
          sequence: { groupOrder: 0 },
        },
      },
      // Programs that load all of SST: some seconds and some hundred megabytes each.
      {
        test: {
          name: "infra",
          include: ["test/infra/**/*.test.ts"],
          globalSetup: "test/infra/platform.ts",
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      // Alone, after the others: what memory peaks at depends on when the collector gets its turn.
      {
        test: {
          ...common,
          name: "memory",
          include: ["test/memory/**/*.test.ts"],
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
