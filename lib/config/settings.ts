import {
  type BucketAccount,
  credentialProblem,
  DEFAULT_ACCESS_KEY_ID,
  DEFAULT_UPLOAD_URL,
  uploadUrlProblem,
  usernameProblem,
} from "../mapillary/bucket-account.ts";
import {
  DEFAULT_GRAPH_ENDPOINT,
  DEFAULT_UPLOAD_ENDPOINT,
  endpointProblem,
  parameterNameProblem,
  type V4Account,
} from "../mapillary/v4-account.ts";
import { DEFAULT_ACCOUNT } from "./rules.ts";

/** Names and values of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variables that are missing or wrong; `problems` names each, and never repeats a value. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `the environment has ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** Gathers values from the environment, and every problem with them. */
export interface SettingsReader {
  /** The variable's value; `""` after noting the problem when it is missing or `check` finds fault with it. */
  require(name: string, check?: (value: string) => string | undefined): string;
  /** Notes a problem that is not one variable's own; `problem` follows its name. */
  note(name: string, problem: string): void;
  /** @throws {SettingsError} when there were problems */
  finish(): void;
}

/** Reads variables, all problems at once. */
export function createSettingsReader(environment: Environment): SettingsReader {
  const problems: string[] = [];
  const note = (name: string, problem: string): void => void problems.push(`${name} ${problem}`);
  return {
    require(name, check) {
      const value = environment[name];
      const problem = value === undefined ? "is not set" : check?.(value);
      if (problem !== undefined) note(name, problem);
      return value ?? "";
    },
    note,
    finish() {
      if (problems.length > 0) throw new SettingsError(problems);
    },
  };
}

/** What an account says in the environment. */
type AccountVariable =
  | "USERNAME"
  | "PERMISSION_HASH"
  | "SIGNATURE_HASH"
  | "AWS_ACCESS_KEY_ID"
  | "UPLOAD_URL"
  | "ACCESS_TOKEN"
  | "TOKEN_PARAMETER"
  | "CLIENT_SECRET"
  | "UPLOAD_ENDPOINT"
  | "GRAPH_ENDPOINT";

/** The variable that says it: an account other than the default has its name behind, as in `MAPILLARY_USERNAME_NORTH`. */
export function variableOf(name: AccountVariable, account: string): string {
  return account === DEFAULT_ACCOUNT ? `MAPILLARY_${name}` : `MAPILLARY_${name}_${account.toUpperCase()}`;
}

/**
 * Reads an account's credentials for the bucket lane: `MAPILLARY_USERNAME`, `MAPILLARY_PERMISSION_HASH` and
 * `MAPILLARY_SIGNATURE_HASH`, with `MAPILLARY_AWS_ACCESS_KEY_ID` and `MAPILLARY_UPLOAD_URL` where they differ from
 * what Mapillary used. An account other than the default has its name behind each: `MAPILLARY_USERNAME_NORTH`.
 *
 * @param reader notes what is missing; its `finish` throws
 */
export function readBucketAccount(
  reader: SettingsReader,
  environment: Environment,
  account: string,
): BucketAccount {
  const variable = (name: AccountVariable) => variableOf(name, account);
  const optional = optionalOf(reader, environment);
  return {
    username: reader.require(variable("USERNAME"), usernameProblem),
    permissionHash: reader.require(variable("PERMISSION_HASH"), credentialProblem),
    signatureHash: reader.require(variable("SIGNATURE_HASH"), credentialProblem),
    accessKeyId: optional(variable("AWS_ACCESS_KEY_ID"), credentialProblem, DEFAULT_ACCESS_KEY_ID),
    uploadUrl: optional(variable("UPLOAD_URL"), uploadUrlProblem, DEFAULT_UPLOAD_URL),
  };
}

/**
 * Reads where an account of the v4 lane sends to, and as whom: `MAPILLARY_ACCESS_TOKEN`, or `MAPILLARY_TOKEN_PARAMETER`
 * with the name of a SecureString in SSM, where a token can change while workers run. `MAPILLARY_UPLOAD_ENDPOINT` and
 * `MAPILLARY_GRAPH_ENDPOINT` where they differ from Mapillary's. An account other than the default has its name behind
 * each: `MAPILLARY_ACCESS_TOKEN_NORTH`.
 *
 * @param reader notes what is missing; its `finish` throws
 */
export function readV4Account(reader: SettingsReader, environment: Environment, account: string): V4Account {
  const variable = (name: AccountVariable) => variableOf(name, account);
  const optional = optionalOf(reader, environment);
  return {
    credential: readCredential(reader, environment, account),
    uploadEndpoint: optional(variable("UPLOAD_ENDPOINT"), endpointProblem, DEFAULT_UPLOAD_ENDPOINT),
    graphEndpoint: optional(variable("GRAPH_ENDPOINT"), endpointProblem, DEFAULT_GRAPH_ENDPOINT),
  };
}

function readCredential(
  reader: SettingsReader,
  environment: Environment,
  account: string,
): V4Account["credential"] {
  const token = variableOf("ACCESS_TOKEN", account);
  const parameter = variableOf("TOKEN_PARAMETER", account);
  const hasParameter = environment[parameter] !== undefined;
  if (hasParameter === (environment[token] !== undefined)) {
    const flaw = hasParameter ? `is set, and so is ${parameter}` : `is not set, and neither is ${parameter}`;
    reader.note(token, `${flaw}; expected one of them`);
  } else if (hasParameter) {
    return { kind: "parameter", name: reader.require(parameter, parameterNameProblem) };
  } else {
    return { kind: "token", accessToken: reader.require(token, credentialProblem) };
  }
  return { kind: "token", accessToken: "" };
}

/** Reads a variable that may be left out. */
function optionalOf(reader: SettingsReader, environment: Environment) {
  return (name: string, check: (value: string) => string | undefined, fallback: string) =>
    environment[name] === undefined ? fallback : reader.require(name, check);
}
