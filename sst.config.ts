/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  app({ stage }) {
    const isProduction = stage === "production";
    return {
      name: "mapillary-relay",
      home: "aws",
      // The version in package.json, which `npx sst` runs: another one may build and name things differently.
      version: "4.17.1",
      removal: isProduction ? "retain" : "remove",
      protect: isProduction,
    };
  },
  async run() {
    const { loadFleet } = await import("./infra/fleet.ts");
    const { createRelay } = await import("./infra/relay.ts");
    return await createRelay(await loadFleet($cli.paths.root));
  },
});
