import type { Fleet } from "../lib/config/fleet.ts";
import { ENTRY } from "./function-folders.ts";
import {
  closePermissions,
  credentialsPermissions,
  deadLetterPermissions,
  logPermissions,
  type Permission,
  type Places,
  relayPermissions,
} from "./permissions.ts";
import {
  CLOSE_MEMORY_MB,
  CLOSE_TIMEOUT_SECONDS,
  CREDENTIALS_TIMEOUT_SECONDS,
  DEAD_LETTER_TIMEOUT_SECONDS,
  NODE_OPTIONS,
  RELAY_MEMORY_MB,
  RELAY_TIMEOUT_SECONDS,
  SMALL_MEMORY_MB,
} from "./sizes.ts";

/** What the functions are made of. */
export interface FunctionParts {
  readonly destination: Fleet["destination"];
  readonly places: Places;
  /** Their code, by its file's name in `functions/`. */
  readonly folders: ReadonlyMap<string, string>;
  /** Of every account, or where they are, as the functions that send read them. */
  readonly credentials: Environment;
  /** Of the applications that got the tokens: for the function that refreshes them, and no other. */
  readonly clientSecrets: Environment;
}

type Environment = Readonly<Record<string, $util.Input<string>>>;

/** Takes photos from the intake queue to Mapillary. */
export function createRelayFunction(parts: FunctionParts): sst.aws.Function {
  return createFunction(parts, {
    name: "Relay",
    description: "Takes photos from the intake queue to Mapillary",
    file: "relay",
    seconds: RELAY_TIMEOUT_SECONDS,
    memoryMb: RELAY_MEMORY_MB,
    environment: {
      ...ledgerEnvironment(parts),
      ...parts.credentials,
      INTAKE_QUEUE_URL: parts.places.intake.url,
    },
    permissions: relayPermissions(parts.places),
  });
}

/** Gives every dead letter a row. */
export function createDeadLetterFunction(parts: FunctionParts): sst.aws.Function {
  return createFunction(parts, {
    name: "DeadLetter",
    description: "Gives every dead letter a row",
    file: "dead-letter",
    seconds: DEAD_LETTER_TIMEOUT_SECONDS,
    memoryMb: SMALL_MEMORY_MB,
    environment: ledgerEnvironment(parts),
    permissions: deadLetterPermissions(parts.places),
  });
}

/** Closes and finishes sequences. */
export function createCloseFunction(parts: FunctionParts): sst.aws.Function {
  return createFunction(parts, {
    name: "CloseSequences",
    description: "Closes and finishes sequences",
    file: "close-sequences",
    seconds: CLOSE_TIMEOUT_SECONDS,
    memoryMb: CLOSE_MEMORY_MB[parts.destination],
    environment: { ...ledgerEnvironment(parts), ...parts.credentials },
    permissions: closePermissions(parts.places, parts.destination),
    // The next minute is another try.
    retries: 0,
  });
}

/** Looks at every account's credentials, and refreshes the v4 lane's tokens. */
export function createCredentialsFunction(parts: FunctionParts): sst.aws.Function {
  return createFunction(parts, {
    name: "Credentials",
    description: "Looks at the accounts' credentials",
    file: "credentials",
    seconds: CREDENTIALS_TIMEOUT_SECONDS,
    memoryMb: SMALL_MEMORY_MB,
    environment: { ...ledgerEnvironment(parts), ...parts.credentials, ...parts.clientSecrets },
    permissions: credentialsPermissions(parts.places, parts.destination),
  });
}

interface FunctionPlan {
  readonly name: string;
  /** What the console shows. */
  readonly description: string;
  /** Its name in `functions/`. */
  readonly file: string;
  readonly seconds: number;
  readonly memoryMb: number;
  readonly environment: Environment;
  readonly permissions: readonly Permission[];
  /** How often Lambda repeats a call that nobody waits for. Default: twice. */
  readonly retries?: number;
}

function ledgerEnvironment({ places }: FunctionParts): Environment {
  return { TABLE_NAME: places.table.name, RELAY_TIMEOUT_SECONDS: String(RELAY_TIMEOUT_SECONDS) };
}

function createFunction({ places, folders }: FunctionParts, plan: FunctionPlan): sst.aws.Function {
  const folder = folders.get(plan.file);
  if (folder === undefined) throw new TypeError(`the function ${plan.file} was not bundled`);
  return new sst.aws.Function(plan.name, {
    bundle: folder,
    handler: ENTRY,
    description: plan.description,
    runtime: "nodejs24.x",
    architecture: "arm64",
    memory: `${plan.memoryMb} MB`,
    timeout: `${plan.seconds} seconds`,
    environment: { ...plan.environment, NODE_OPTIONS },
    permissions: [...plan.permissions, ...logPermissions(places)].map(({ actions, resources }) => ({
      actions: [...actions],
      resources: [...resources],
    })),
    ...(plan.retries !== undefined && { retries: plan.retries }),
    logging: { logGroup: places.logGroup.name, format: "text" },
    // `sst dev` would run the functions on a laptop, with rights far beyond theirs; `npm start` is there for that.
    dev: false,
    transform: {
      role: (args) => {
        // SST 4.17.1 lets everybody in the account take the role, not only Lambda.
        args.assumeRolePolicy = aws.iam.assumeRolePolicyForPrincipal({ Service: "lambda.amazonaws.com" });
        // Instead of AWSLambdaBasicExecutionRole, which lets a function write to every log there is.
        args.managedPolicyArns = [];
      },
    },
  });
}
