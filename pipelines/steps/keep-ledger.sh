#!/usr/bin/env bash
# Commits the ledger of the stack STACK where a command has changed it, and pushes it to BRANCH.
#
# To be run after a command that failed, too: what it had begun is in the ledger, and the next run finishes it.
set -euo pipefail

file="Pulumi.$STACK.yaml"
if git diff --quiet -- "$file"; then
  echo "The ledger is as it was."
  exit 0
fi
git -c user.name="calendar-interop" -c user.email="calendar-interop@noreply.invalid" \
  commit --quiet --message "Rotation of the stack $STACK: $ACTION [skip ci]" -- "$file"
git -c user.name="calendar-interop" -c user.email="calendar-interop@noreply.invalid" \
  pull --quiet --rebase origin "$BRANCH"
git push --quiet origin "HEAD:refs/heads/$BRANCH"
