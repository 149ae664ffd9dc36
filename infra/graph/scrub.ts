/** Keeps secrets out of texts that are not ours. */

/** The text without any of the secrets, plain, percent-encoded or form-encoded. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      new URLSearchParams([['', secret]]).toString().slice(1),
    ])
    .reduce((kept, form) => kept.replaceAll(form, '***'), text);
}
