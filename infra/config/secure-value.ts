/**
 * Stands for a configuration value that Pulumi keeps encrypted (`{secure: v1:…}` in the stack's file). Whoever reads the
 * file without the engine knows that there is a value, never which.
 */
export class SecureValue {
  toJSON(): string {
    return '[secret]';
  }
}

/** The one marker for all encrypted values. */
export const SECURE_VALUE: SecureValue = Object.freeze(new SecureValue());
