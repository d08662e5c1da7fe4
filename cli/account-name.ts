import { InvalidArgumentError } from "commander";
import type { Fleet } from "../lib/config/fleet.ts";
import { accountNamesOf } from "../lib/config/rules.ts";
import { UsageError } from "./usage-error.ts";

/** Reads an account's name, of the form that the fleet's rules give it. */
export function readAccountName(text: string): string {
  if (/^[a-z][a-z0-9_]*$/.test(text)) return text;
  throw new InvalidArgumentError(
    "Expected lower-case letters, digits and underscores, as in the fleet's rules.",
  );
}

/** @throws {UsageError} when the fleet has no account of that name, naming those it has */
export function assertIsAccount(fleet: Pick<Fleet, "rules">, name: string): void {
  const names = accountNamesOf(fleet);
  if (names.includes(name)) return;
  throw new UsageError(
    `the fleet's rules name no account ${name}; expected one of ${names.join(", ")} (--config FILE names another configuration)`,
  );
}
