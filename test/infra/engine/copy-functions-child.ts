/** Stands where `infra/build-functions.ts` does, and takes what that has made already. */
import { cp } from "node:fs/promises";
import { join } from "node:path";

const [folder = "", ...names] = process.argv.slice(2);
for (const name of names)
  await cp(join(process.env.FUNCTIONS_FOLDER ?? "", name), join(folder, name), { recursive: true });
