/**
 * A certificate for localhost and 127.0.0.1, signed by its own key, good until 2126. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=localhost`.
 */
const pem = (label: string, lines: readonly string[]): string =>
  [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");

export const LOCALHOST_KEY = pem("PRIVATE KEY", [
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1PeWTeXAIMuBVSsG",
  "9JKm3mVHL7uoqXzJHeJDxvPoMY+hRANCAAQ7yFeaLL1iNBolZb6W52zoN5olZ3mv",
  "18xqWwx3TpEfEKs/bB/K5r/Bh5khx6nHc1aC6AVwVbu0+Pbxtfwrd2wZ",
]);

export const LOCALHOST_CERTIFICATE = pem("CERTIFICATE", [
  "MIIBmzCCAUGgAwIBAgIUM7KS1C6JoJwHtFsdlXncp+vmrYEwCgYIKoZIzj0EAwIw",
  "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE2MjQ0M1oYDzIxMjYxMDI5",
  "MTYyNDQzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO",
  "PQMBBwNCAAQ7yFeaLL1iNBolZb6W52zoN5olZ3mv18xqWwx3TpEfEKs/bB/K5r/B",
  "h5khx6nHc1aC6AVwVbu0+Pbxtfwrd2wZo28wbTAdBgNVHQ4EFgQUlwMOCcCtGk0G",
  "ob4R7PPmR2TIw1IwHwYDVR0jBBgwFoAUlwMOCcCtGk0Gob4R7PPmR2TIw1IwDwYD",
  "VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI",
  "zj0EAwIDSAAwRQIgEep41iTgkZVNPdyCjCWhjaTGmexAFIEmV084XqwxuiUCIQDJ",
  "WNZ3Gs/0T+NpJWQ4p3CN/jokNOmo0pVgYqutZj4utQ==",
]);
