import type { Resource, Synth } from "./synth.ts";

/** A statement of a policy. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

type Graph = Pick<Synth, "resources">;

/** Every resource of a type, optionally with such a logical name. */
export function all({ resources }: Graph, type: string, name?: string | RegExp): Resource[] {
  return resources.filter((resource) => {
    if (resource.type !== type) return false;
    if (name === undefined) return true;
    return typeof name === "string" ? resource.name === name : name.test(resource.name);
  });
}

/** The one resource of a type, or of a type and name. @throws when there is none, or more */
export function one(graph: Graph, type: string, name?: string | RegExp): Resource {
  const found = all(graph, type, name);
  const [resource] = found;
  if (resource !== undefined && found.length === 1) return resource;
  throw new Error(`expected one ${type} ${name ?? ""}; found ${JSON.stringify(found.map((r) => r.name))}`);
}

/** An input that is a text. @throws when it is not */
export function text({ name, inputs }: Resource, input: string): string {
  const value = inputs[input];
  if (typeof value === "string") return value;
  throw new Error(`${name}.${input} is ${JSON.stringify(value)}; expected a text`);
}

/** What a resource may call itself by in ARNs: its physical name. */
export function nameIn(graph: Graph, type: string, name?: string | RegExp): string {
  const resource = one(graph, type, name);
  return text(resource, type === "aws:s3/bucket:Bucket" ? "bucket" : "name");
}

/** The statements of a policy document. */
export function statementsIn(policy: unknown): readonly Statement[] {
  const document = typeof policy === "string" ? JSON.parse(policy) : policy;
  return (document as { Statement: readonly Statement[] }).Statement;
}

/** What a role may do, all of its own policies together. */
export function statementsOf(role: Resource): readonly Statement[] {
  const policies = role.inputs.inlinePolicies as readonly { policy: string }[];
  return policies.flatMap(({ policy }) => statementsIn(policy));
}

/** A function's environment. */
export function environmentOf(fn: Resource): Readonly<Record<string, string>> {
  return (fn.inputs.environment as { variables: Record<string, string> }).variables;
}

/** Pulumi's types of what is asked for most. */
export const TYPE = {
  alarm: "aws:cloudwatch/metricAlarm:MetricAlarm",
  bucket: "aws:s3/bucket:Bucket",
  bucketNotification: "aws:s3/bucketNotification:BucketNotification",
  bucketPolicy: "aws:s3/bucketPolicy:BucketPolicy",
  function: "aws:lambda/function:Function",
  logGroup: "aws:cloudwatch/logGroup:LogGroup",
  mapping: "aws:lambda/eventSourceMapping:EventSourceMapping",
  metricFilter: "aws:cloudwatch/logMetricFilter:LogMetricFilter",
  queue: "aws:sqs/queue:Queue",
  queuePolicy: "aws:sqs/queuePolicy:QueuePolicy",
  role: "aws:iam/role:Role",
  schedule: "aws:scheduler/schedule:Schedule",
  stack: "pulumi:pulumi:Stack",
  subscription: "aws:sns/topicSubscription:TopicSubscription",
  table: "aws:dynamodb/table:Table",
  topic: "aws:sns/topic:Topic",
  user: "aws:iam/user:User",
  userPolicy: "aws:iam/userPolicy:UserPolicy",
} as const;
