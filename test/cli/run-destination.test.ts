import { describe, expect, it } from "vitest";
import { chooseDestination, type DestinationFlags } from "../../cli/run-destination.ts";
import { type FleetInput, readFleet } from "../../lib/config/fleet.ts";

const ENDPOINTS = { uploadEndpoint: "https://up.example.org/x", graphEndpoint: "https://graph.example.org" };
const ENVIRONMENT = {
  MAPILLARY_ACCESS_TOKEN: "MLY|1|token",
  MAPILLARY_USERNAME: "jon",
  MAPILLARY_PERMISSION_HASH: "cDE=",
  MAPILLARY_SIGNATURE_HASH: "czE=",
};

function choose(flags: DestinationFlags, configured?: FleetInput["destination"]) {
  const fleet = configured && readFleet({ destination: configured, track: "{vehicle}/" });
  return chooseDestination(flags, fleet, ENVIRONMENT);
}

describe("where a run relays to", () => {
  it.each<[DestinationFlags, FleetInput["destination"] | undefined, "bucket" | "v4"]>([
    [{}, undefined, "bucket"],
    [{}, "v4", "v4"],
    [{ destination: "v4" }, undefined, "v4"],
    [{ destination: "v4" }, "bucket", "v4"],
    [{ destination: "bucket" }, "v4", "bucket"],
  ])("with %j and the configuration %s is the stand-in, over %s", (flags, configured, lane) => {
    const { fleet, elsewhere } = choose(flags, configured);

    expect(fleet.destination).toBe(lane);
    expect(fleet.track).toBe(configured && "{vehicle}/");
    expect(elsewhere).toBeUndefined();
  });

  it.each<[DestinationFlags, FleetInput["destination"] | undefined, "bucket" | "v4"]>([
    [ENDPOINTS, undefined, "v4"],
    [ENDPOINTS, "v4", "v4"],
    [{ ...ENDPOINTS, destination: "v4" }, "bucket", "v4"],
    [{ uploadUrl: "https://s3.example.org/b" }, undefined, "bucket"],
    [{ uploadUrl: "https://s3.example.org/b", destination: "bucket" }, "v4", "bucket"],
  ])("with %j and the configuration %s is there, over %s", (flags, configured, lane) => {
    const { fleet, elsewhere } = choose(flags, configured);

    expect(fleet.destination).toBe(lane);
    expect(elsewhere?.url).toBe(flags.uploadUrl ?? ENDPOINTS.uploadEndpoint);
    expect([...(elsewhere?.accounts.values() ?? [])].map((account) => [account.name, account.lane])).toEqual([
      ["default", lane],
    ]);
    expect([...(elsewhere?.v4Accounts.keys() ?? [])]).toEqual(lane === "v4" ? ["default"] : []);
  });

  it("takes endpoints with slashes at the end for those without", () => {
    const marks = ["", "/", "//"].map((end) => {
      const flags = {
        uploadEndpoint: `${ENDPOINTS.uploadEndpoint}${end}`,
        graphEndpoint: `${ENDPOINTS.graphEndpoint}${end}`,
      };
      const { elsewhere } = choose(flags);
      return [elsewhere?.accounts.get("default")?.key, elsewhere?.v4Accounts.get("default")];
    });

    expect(marks[1]).toEqual(marks[0]);
    expect(marks[2]).toEqual(marks[0]);
    expect(marks[0]?.[1]).toMatchObject(ENDPOINTS);
  });

  it.each<[string, DestinationFlags, FleetInput["destination"] | undefined, string]>([
    [
      "one endpoint of v4",
      { uploadEndpoint: "https://a.example.org" },
      undefined,
      "--upload-endpoint goes with --graph-endpoint, which is not given; Mapillary's is https://graph.mapillary.com",
    ],
    [
      "the other endpoint of v4",
      { graphEndpoint: "https://a.example.org" },
      "v4",
      "--graph-endpoint goes with --upload-endpoint, which is not given; Mapillary's is https://rupload",
    ],
    [
      "both lanes' addresses",
      { ...ENDPOINTS, uploadUrl: "https://s3.example.org/b" },
      undefined,
      "give one or the others",
    ],
    [
      "v4's addresses for the bucket lane",
      { ...ENDPOINTS, destination: "bucket" },
      undefined,
      "expected --destination v4",
    ],
    [
      "v4's addresses for a fleet of the bucket lane",
      ENDPOINTS,
      "bucket",
      "add --destination v4 to overrule it",
    ],
    [
      "the bucket lane's address for v4",
      { uploadUrl: "https://s3.example.org/b", destination: "v4" },
      undefined,
      "expected --destination bucket",
    ],
    [
      "the bucket lane's address for a fleet of v4",
      { uploadUrl: "https://s3.example.org/b" },
      "v4",
      "add --destination bucket to overrule it",
    ],
    [
      "an endpoint that is no URL",
      { ...ENDPOINTS, graphEndpoint: "graph" },
      undefined,
      "--graph-endpoint is not a URL",
    ],
    [
      "a token in the clear",
      { ...ENDPOINTS, uploadEndpoint: "http://up.example.org" },
      undefined,
      "--upload-endpoint has the scheme http:",
    ],
  ])("refuses %s, and says what to do", (_what, flags, configured, message) => {
    expect(() => choose(flags, configured)).toThrow(message);
  });

  it("names every account without a token, and no value", () => {
    const fleet = readFleet({ destination: "v4", rules: [{ prefix: "n/", account: "north" }] });
    const environment = { MAPILLARY_ACCESS_TOKEN: "a secret token" };

    const choosing = () => chooseDestination(ENDPOINTS, fleet, environment);

    expect(choosing).toThrow("MAPILLARY_ACCESS_TOKEN contains white space");
    expect(choosing).toThrow("MAPILLARY_ACCESS_TOKEN_NORTH is not set");
    expect(choosing).not.toThrow("secret");
  });
});
