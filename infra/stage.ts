/** Whether this is the stage that keeps what it was given. */
export function isProduction(): boolean {
  return $app.stage === "production";
}

/** A name of this stage's own, such as `mapillary-relay-production-relay`. */
export function nameOf(what: string): string {
  return `${$app.name}-${$app.stage}-${what}`;
}

/** Folder of this stage, such as `/mapillary-relay/production`. */
export function folderOfStage(): string {
  return `/${$app.name}/${$app.stage}`;
}
