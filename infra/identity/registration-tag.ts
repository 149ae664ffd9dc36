/**
 * The tag by which a registration is known as this stack's own, even where the stack's state is lost.
 */

/** `calendar-interop:<project>/<stack>`; Entra limits a tag to 256 characters (learn.microsoft.com/graph/api/resources/application). */
export function registrationTag(project: string, stack: string): string {
  return `calendar-interop:${project}/${stack}`;
}
