import { describe, expect, it } from "vitest";
import {
  createSettingsReader,
  type Environment,
  readV4Account,
  SettingsError,
} from "../../../lib/config/settings.ts";
import { endpointProblem, parameterNameProblem, type V4Account } from "../../../lib/mapillary/v4-account.ts";
import { createV4Account } from "../../../lib/pipeline/v4-account.node.ts";
import {
  NEVER,
  OTHER_TOKEN,
  payloadOf,
  photoOf,
  shipmentOf,
  startForTest,
  TOKEN,
  tokenOf,
} from "./v4-fixture.ts";

const UPLOAD = "https://rupload.facebook.com/mapillary_public_uploads";
const GRAPH = "https://graph.mapillary.com";

function read(environment: Environment, account = "default"): V4Account | readonly string[] {
  const reader = createSettingsReader(environment);
  const settings = readV4Account(reader, environment, account);
  try {
    reader.finish();
    return settings;
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe("the environment of an account", () => {
  it("says a token, and Mapillary is where it is", () => {
    expect(read({ MAPILLARY_ACCESS_TOKEN: TOKEN })).toEqual({
      credential: { kind: "token", accessToken: TOKEN },
      uploadEndpoint: UPLOAD,
      graphEndpoint: GRAPH,
    });
  });

  it("says where a token is kept, and other endpoints, each with the account's name behind", () => {
    const environment = {
      MAPILLARY_TOKEN_PARAMETER_NORTH: "/relay/north/token",
      MAPILLARY_UPLOAD_ENDPOINT_NORTH: "http://127.0.0.1:4000/up",
      MAPILLARY_GRAPH_ENDPOINT_NORTH: "https://graph.example",
      MAPILLARY_ACCESS_TOKEN: TOKEN,
    };

    expect(read(environment, "north")).toEqual({
      credential: { kind: "parameter", name: "/relay/north/token" },
      uploadEndpoint: "http://127.0.0.1:4000/up",
      graphEndpoint: "https://graph.example",
    });
  });

  it.each<[string, Environment, string[]]>([
    [
      "nothing",
      {},
      ["MAPILLARY_ACCESS_TOKEN is not set, and neither is MAPILLARY_TOKEN_PARAMETER; expected one of them"],
    ],
    [
      "both",
      { MAPILLARY_ACCESS_TOKEN: TOKEN, MAPILLARY_TOKEN_PARAMETER: "/x" },
      ["MAPILLARY_ACCESS_TOKEN is set, and so is MAPILLARY_TOKEN_PARAMETER; expected one of them"],
    ],
    [
      "everything wrong",
      {
        MAPILLARY_ACCESS_TOKEN: "a b",
        MAPILLARY_UPLOAD_ENDPOINT: "http://example.com/up",
        MAPILLARY_GRAPH_ENDPOINT: "graph",
      },
      [
        "MAPILLARY_ACCESS_TOKEN contains white space or other characters no such value has",
        "MAPILLARY_UPLOAD_ENDPOINT has the scheme http:; expected https:, except for this machine",
        "MAPILLARY_GRAPH_ENDPOINT is not a URL; expected https://host/path",
      ],
    ],
    [
      "a name that is none",
      { MAPILLARY_TOKEN_PARAMETER: "the token" },
      ["MAPILLARY_TOKEN_PARAMETER is no name of an SSM parameter; expected /folder/name"],
    ],
  ])("is told all that is wrong with it: %s", (_what, environment, problems) => {
    expect(read(environment)).toEqual(problems);
  });
});

describe("an endpoint", () => {
  it.each([UPLOAD, GRAPH, "http://127.0.0.1:1/x", "http://[::1]:1", "http://localhost:1/"])(
    "may be %s",
    (url) => {
      expect(endpointProblem(url)).toBeUndefined();
    },
  );

  it.each([
    ["http://graph.mapillary.com", "has the scheme http:"],
    ["http://127.0.0.1.example.com", "has the scheme http:"],
    ["ftp://127.0.0.1", "has the scheme ftp:"],
    ["https://me:secret@graph.mapillary.com", "carries a user or password"],
    ["https://graph.mapillary.com/?access_token=x", "has a query or fragment"],
    ["", "is not a URL"],
  ])("may not be %s", (url, problem) => {
    expect(endpointProblem(url)).toMatch(problem);
  });
});

it.each([
  ["/mapillary-relay/alice/mapillary/default/token", true],
  ["arn:aws:ssm:eu-central-1:123456789012:parameter/x", true],
  ["token", true],
  ["", false],
  ["a b", false],
  ["x".repeat(2_049), false],
])("a parameter is called %s: %s", (name, fits) => {
  expect(parameterNameProblem(name) === undefined).toBe(fits);
});

describe("an account of the v4 lane", () => {
  const settings = {
    credential: { kind: "token", accessToken: TOKEN },
    uploadEndpoint: UPLOAD,
    graphEndpoint: GRAPH,
  } as const;

  it("has a mark that changes with its token and gives nothing of it away", () => {
    const { name, username, lane, key } = createV4Account("north", settings, 1_000);
    const marks = [
      key.credentialsMark,
      createV4Account(
        "north",
        { ...settings, credential: { kind: "token", accessToken: OTHER_TOKEN } },
        1_000,
      ).key.credentialsMark,
      createV4Account("north", { ...settings, graphEndpoint: "https://graph.example" }, 1_000).key
        .credentialsMark,
    ];

    expect({ name, username, lane, of: key.name }).toEqual({
      name: "north",
      username: "north",
      lane: "v4",
      of: "north",
    });
    for (const mark of marks) expect(mark).toMatch(/^[0-9a-f]{8}$/);
    expect(new Set(marks).size).toBe(3);
    expect(createV4Account("other", settings, 5).key.credentialsMark).toBe(marks[0]);
  });

  it("has a mark that stays when its token is kept in SSM", () => {
    const kept = { ...settings, credential: { kind: "parameter", name: "/x" } } as const;

    expect(createV4Account("default", kept, 1_000).key).toEqual({ name: "default", credentialsMark: "ssm" });
  });

  it("sends", async () => {
    const standIn = await startForTest();
    const photo = photoOf(1_000);
    const { destination } = createV4Account(
      "default",
      {
        credential: { kind: "token", accessToken: tokenOf(standIn) },
        uploadEndpoint: standIn.uploadUrl,
        graphEndpoint: standIn.url,
      },
      5_000,
    );

    const outcome = await destination.send(shipmentOf(photo), payloadOf(photo), NEVER);

    expect(outcome.kind).toBe("done");
    expect(destination.repeatedFinish).toBe("forbidden");
    expect(destination.accountObjection(0) ?? destination.objection(shipmentOf(photo), 0)).toBeUndefined();
  });
});
