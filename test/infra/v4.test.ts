/** What the v4 lane has besides: tokens that change at run time, and uploads that expire. */
import { beforeAll, describe, expect, it } from "vitest";
import { type AwsStubOptions, startAwsStub } from "./engine/aws-stub.ts";
import { all, environmentOf, nameIn, one, statementsOf, TYPE } from "./engine/graph.ts";
import { type Synth, synth } from "./engine/synth.ts";
import { fleetFile } from "./fleets.ts";

const TOKENS = ["default", "north"].map((account) => `/mapillary-relay/alice/mapillary/${account}/token`);
const [ARN = "", ARN_NORTH = ""] = TOKENS.map(
  (name) => `arn:aws:ssm:eu-central-1:123456789012:parameter${name}`,
);

const CLIENT_SECRET = "MLY|4242|0123456789abcdef";

describe("the v4 lane", () => {
  let stage: Synth;
  beforeAll(async () => {
    stage = await deploy({ parameters: TOKENS }, { MAPILLARY_CLIENT_SECRET: CLIENT_SECRET });
    return stage[Symbol.asyncDispose];
  });

  it("is deployed without a complaint", () => {
    expect(stage.error).toBeUndefined();
  });

  it("lets the relay, the closing and the daily look at tokens, and no other", () => {
    const read = [{ Effect: "Allow", Action: ["ssm:GetParameter"], Resource: [ARN, ARN_NORTH] }];

    expect(ofService(stage, "RelayRole", "ssm")).toEqual(read);
    expect(ofService(stage, "CloseSequencesRole", "ssm")).toEqual(read);
    expect(ofService(stage, "DeadLetterRole", "ssm")).toEqual([]);
    expect(statementsOf(one(stage, TYPE.role, "CredentialsRole"))).toEqual([
      {
        Effect: "Allow",
        Action: ["dynamodb:GetItem", "dynamodb:UpdateItem"],
        Resource: [`arn:aws:dynamodb:eu-central-1:123456789012:table/${nameIn(stage, TYPE.table)}`],
      },
      ...read,
      // Of the account whose client secret is known, and no other.
      { Effect: "Allow", Action: ["ssm:PutParameter"], Resource: [ARN] },
      expect.objectContaining({ Action: ["logs:CreateLogStream", "logs:PutLogEvents"] }),
    ]);
  });

  it("lets the closing read photos as the relay does, for uploads that have expired", () => {
    expect(ofService(stage, "CloseSequencesRole", "s3")).toEqual(ofService(stage, "RelayRole", "s3"));
    expect(ofService(stage, "RelayRole", "s3")).toHaveLength(2);
    const sizes = ["CloseSequencesFunction", "RelayFunction"].map((name) => {
      const { memorySize, timeout } = one(stage, TYPE.function, name).inputs;
      return { memorySize, timeout };
    });
    expect(sizes[0]).toEqual(sizes[1]);
  });

  it("tells where the tokens are, and holds none", () => {
    for (const name of ["RelayFunction", "CloseSequencesFunction", "CredentialsFunction"]) {
      expect(environmentOf(one(stage, TYPE.function, name))).toMatchObject({
        MAPILLARY_TOKEN_PARAMETER: TOKENS[0],
        MAPILLARY_TOKEN_PARAMETER_NORTH: TOKENS[1],
      });
    }
    expect(Object.keys(environmentOf(one(stage, TYPE.function, "DeadLetterFunction"))).join()).not.toContain(
      "MAPILLARY",
    );
    expect(all(stage, "aws:ssm/parameter:Parameter")).toEqual([]);
  });

  it("gives the application's secret to the daily look alone", () => {
    const holders = all(stage, TYPE.function).filter((fn) =>
      Object.values(environmentOf(fn)).includes(CLIENT_SECRET),
    );

    expect(holders.map(({ name }) => name)).toEqual(["CredentialsFunction"]);
    expect(environmentOf(one(stage, TYPE.function, "CredentialsFunction"))).toMatchObject({
      MAPILLARY_CLIENT_SECRET: CLIENT_SECRET,
    });
    expect(all(stage, "sst:sst:Secret").map(({ name }) => name)).toEqual(["MAPILLARY_CLIENT_SECRET"]);
  });
});

describe.concurrent("the v4 lane is not deployed", () => {
  it("while an account has no token, or one that is not encrypted, and says how to set it", async () => {
    await using stage = await deploy({ plainParameters: TOKENS.slice(0, 1) });

    const login = "npm run -s relay -- account login";
    expect(stage.error).toBe(
      "VisibleError: stage alice has no token, or not an encrypted one, for 2 account(s). Log in for each:\n" +
        `  aws ssm delete-parameter --name ${TOKENS[0]}\n` +
        `  ${login} north --client-id … --parameter ${TOKENS[1]}\n` +
        `  ${login} default --client-id … --parameter ${TOKENS[0]}`,
    );
    expect(stage.resources.map(({ type }) => type)).toEqual([TYPE.stack]);
  });

  it("with a client secret that can be none, and does not repeat it", async () => {
    await using stage = await deploy(
      { parameters: TOKENS },
      { MAPILLARY_CLIENT_SECRET_NORTH: "pasted with\nits line" },
    );

    expect(stage.error).toContain("\n  - MAPILLARY_CLIENT_SECRET_NORTH contains white space");
    expect(stage.error).toContain("\n  npx sst secret set MAPILLARY_CLIENT_SECRET_NORTH --stage alice");
    expect(stage.error).not.toContain("pasted");
    expect(stage.resources.map(({ type }) => type)).toEqual([TYPE.stack]);
  });
});

function ofService(stage: Synth, role: string, service: string) {
  return statementsOf(one(stage, TYPE.role, role)).filter(({ Action }) =>
    [Action].flat().some((action) => action.startsWith(`${service}:`)),
  );
}

async function deploy(there: AwsStubOptions, secrets: Readonly<Record<string, string>> = {}): Promise<Synth> {
  await using aws = await startAwsStub(there);
  const fleet = fleetFile({ destination: "v4", rules: [{ prefix: "north/", account: "north" }] });
  return await synth({ stage: "alice", fleet, secrets, environment: aws.environment });
}
