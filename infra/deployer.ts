/** Options of SDK clients that look around for whoever deploys, with the credentials that `sst` found. */
export function asDeployer() {
  const { SST_AWS_REGION, SST_AWS_ACCESS_KEY_ID, SST_AWS_SECRET_ACCESS_KEY, SST_AWS_SESSION_TOKEN } =
    process.env;
  const hasKeys = SST_AWS_ACCESS_KEY_ID !== undefined && SST_AWS_SECRET_ACCESS_KEY !== undefined;
  return {
    ...(SST_AWS_REGION !== undefined && { region: SST_AWS_REGION }),
    ...(hasKeys && {
      credentials: {
        accessKeyId: SST_AWS_ACCESS_KEY_ID,
        secretAccessKey: SST_AWS_SECRET_ACCESS_KEY,
        ...(SST_AWS_SESSION_TOKEN ? { sessionToken: SST_AWS_SESSION_TOKEN } : {}),
      },
    }),
  };
}
