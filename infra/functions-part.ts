import type { Fleet } from "../lib/config/fleet.ts";

/** What the functions read of a fleet's configuration, as JSON. What concerns the deployment alone does not change their code. */
export function functionsPartOf(fleet: Fleet): string {
  const { alarmEmail: _1, maxWorkers: _2, replaceNotifications: _3, vehicles: _4, ...rest } = fleet;
  return JSON.stringify(rest);
}
