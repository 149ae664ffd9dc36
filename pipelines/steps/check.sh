#!/usr/bin/env bash
# Shows in REPORT, as Markdown, what `up` would change on the stack STACK, and what was changed behind Pulumi's back. Writes nothing
# else. Ends with 7 where there is drift (Pulumi's own code for it).
set -euo pipefail

fence='````'
run() {
  echo "## calendar-interop $1 of the stack $STACK"
  echo "$fence"
  NO_COLOR=1 npx calendar-interop "$@" --stack "$STACK" 2>&1
}

code=0
{
  run preview || code=$?
  echo "$fence"
  if [ "$code" -eq 0 ]; then
    run drift || code=$?
    echo "$fence"
  fi
} > "$REPORT"
cat -- "$REPORT"
exit "$code"
