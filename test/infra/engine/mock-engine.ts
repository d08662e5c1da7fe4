/** What Pulumi's engine and AWS would answer: enough of each resource's outputs for the program to go on. */

/** The account and region that everything is created in. */
export const ACCOUNT = "123456789012";
export const REGION = "eu-central-1";

/** A resource as the program asks for it. */
export interface ResourceRequest {
  readonly type: string;
  readonly name: string;
  /** Of one that is looked up and not created. */
  readonly id?: string;
  readonly inputs: Record<string, unknown>;
}

/** A question to the provider. */
export interface CallRequest {
  readonly token: string;
  readonly inputs: Record<string, unknown>;
}

/** The ARN of a resource by its name. */
const ARNS: Readonly<Record<string, (name: string) => string>> = {
  "aws:s3/bucket:Bucket": (name) => `arn:aws:s3:::${name}`,
  "aws:sqs/queue:Queue": (name) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`,
  "aws:sns/topic:Topic": (name) => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`,
  "aws:dynamodb/table:Table": (name) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`,
  "aws:lambda/function:Function": (name) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`,
  "aws:iam/role:Role": (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
  "aws:iam/user:User": (name) => `arn:aws:iam::${ACCOUNT}:user/${name}`,
  "aws:cloudwatch/logGroup:LogGroup": (name) => `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${name}`,
};

/** Plays the engine that creates, or looks up, a resource. */
export function answerResource({ type, name, id, inputs }: ResourceRequest): {
  id: string;
  state: Record<string, unknown>;
} {
  const physical = id || textOf(inputs.name) || textOf(inputs.bucket) || name;
  const arn = ARNS[type]?.(physical) ?? `arn:aws:mock:${REGION}:${ACCOUNT}:${physical}`;
  const state = { ...inputs, arn };
  switch (type) {
    case "aws:s3/bucket:Bucket":
      return { id: physical, state: { ...state, bucket: physical, region: REGION } };
    case "aws:sqs/queue:Queue": {
      const url = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${physical}`;
      return { id: url, state: { ...state, name: physical, url } };
    }
    case "aws:lambda/function:Function":
      return { id: physical, state: { ...state, name: physical, publish: false, qualifiedArn: `${arn}:1` } };
    case "random:index/randomBytes:RandomBytes":
      return { id: physical, state: { ...state, base64: Buffer.alloc(32, 7).toString("base64") } };
    default:
      return { id: physical, state: { name: physical, ...state } };
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Plays the provider that answers a question. @throws for one that it was not taught */
export function answerCall({ token, inputs }: CallRequest): Record<string, unknown> {
  switch (token) {
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return { accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/deployer`, userId: "U", id: ACCOUNT };
    case "aws:index/getRegion:getRegion":
      return { region: REGION, name: REGION, id: REGION };
    case "aws:index/getPartition:getPartition":
      return { partition: "aws", dnsSuffix: "amazonaws.com", id: "aws" };
    case "aws:iam/getPolicyDocument:getPolicyDocument":
      return { ...inputs, id: "document", json: policyJson(inputs as unknown as PolicyDocument) };
    default:
      throw new Error(`the mock engine knows no answer to ${token}`);
  }
}

/** The arguments of `aws_iam_policy_document`, as far as they are used. */
interface PolicyDocument {
  readonly statements?: readonly {
    readonly effect?: string;
    readonly actions?: readonly string[];
    readonly resources?: readonly string[];
    readonly principals?: readonly { readonly type: string; readonly identifiers: readonly string[] }[];
    readonly conditions?: readonly {
      readonly test: string;
      readonly variable: string;
      readonly values: readonly string[];
    }[];
  }[];
}

function policyJson({ statements = [] }: PolicyDocument): string {
  const Statement = statements.map(({ effect, actions, resources, principals, conditions }) => ({
    Effect: effect ?? "Allow",
    Action: actions,
    Resource: resources,
    ...(principals && { Principal: Object.fromEntries(principals.map((p) => [p.type, p.identifiers])) }),
    ...(conditions?.length && {
      Condition: Object.fromEntries(conditions.map((c) => [c.test, { [c.variable]: c.values }])),
    }),
  }));
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

/** How Pulumi marks what it wraps on its way to the engine. */
const WRAPPED = "4dabf18193072939515e22adb298388d";

/** Takes values out of Pulumi's wrappers for secrets and assets. */
export function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== "object" || value === null) return value;
  if (WRAPPED in value && "value" in value) return unwrap(value.value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, unwrap(inner)]));
}
