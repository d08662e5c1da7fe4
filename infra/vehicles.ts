import type { PhotoBucket } from "./photo-bucket.ts";
import { folderOfStage, nameOf } from "./stage.ts";
import { VisibleError } from "./visible-error.ts";

/** IAM's limit. */
const LONGEST_USER_NAME = 64;

/** The IAM user of a vehicle's folder; a slash in it becomes a plus, which folders do not have. */
export function userNameOf(vehicle: string): string {
  const name = nameOf(`vehicle-${vehicle.replaceAll("/", "+")}`);
  if (name.length <= LONGEST_USER_NAME) return name;
  throw new VisibleError(
    `vehicles: ${JSON.stringify(vehicle)} makes the user name ${name}, which has ${name.length} characters; ` +
      `IAM takes ${LONGEST_USER_NAME}`,
  );
}

/**
 * Makes a user for a vehicle that can put photos into the vehicle's folder and do nothing else: not list, not read,
 * not delete. Its key is made by hand, so that no secret passes through here (docs/deploy.md).
 *
 * @param vehicle its folder in the bucket, without the last slash
 */
export function createVehicle(vehicle: string, bucket: PhotoBucket): aws.iam.User {
  const name = userNameOf(vehicle);
  const user = new aws.iam.User(`Vehicle-${name}`, {
    name,
    path: `${folderOfStage()}/vehicles/`,
    // Keys made by hand do not keep the stage from going away.
    forceDestroy: true,
  });
  new aws.iam.UserPolicy(`VehiclePolicy-${name}`, {
    user: user.name,
    name: "upload",
    policy: $jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          // The second gives up an upload in parts, whose parts would be paid for until somebody finds them.
          Action: ["s3:PutObject", "s3:AbortMultipartUpload"],
          Resource: $interpolate`${bucket.arn}/${vehicle}/*`,
        },
      ],
    }),
  });
  return user;
}
