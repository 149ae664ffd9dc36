/** Where the sandbox is reached. Known only once it listens, hence asked for and never kept. */
export interface Place {
  /** `https://localhost:PORT`, without a trailing slash. */
  base(): string;
}

/** The issuer of the emulated workload identities. */
export function federatedIssuer(place: Place): string {
  return `${place.base()}/sandbox/issuer`;
}
