/**
 * Bundles functions for a deployment, each into a folder of its own:
 *
 *     node infra/build-functions.ts FOLDER relay dead-letter …
 *
 * A program of its own, because the one that Pulumi runs finds SST's older esbuild instead of ours.
 */
import { join, resolve } from "node:path";
import { bundle } from "./bundle.ts";

const [folder = "", ...names] = process.argv.slice(2);
for (const name of names) await bundle(`functions/${name}.ts`, join(resolve(folder), name));
