#!/usr/bin/env bash
# One rotation command on the stack STACK: ACTION is run, stage, confirm, retire, revoke or restore.
#
# `run` writes what is due for a person into REPORT. Where nothing is, and after any other command, there is none, not even that of an
# earlier run in the same folder. ENDPOINTS (for confirm, separated by spaces;
# all unless given) and SLOT (for revoke) come from people: they are arguments, never part of a command.
set -euo pipefail

rm -f -- "$REPORT"
case "$ACTION" in
  run)
    code=0
    npx calendar-interop rotation run --stack "$STACK" --report "$REPORT" || code=$?
    case "$code" in
      0) rm -f -- "$REPORT" ;;
      10) echo "Something is due that a person has to do: it is in the report." ;;
      *) exit "$code" ;;
    esac
    ;;
  confirm)
    read -r -a endpoints <<< "${ENDPOINTS:-}"
    npx calendar-interop rotation confirm --stack "$STACK" -- ${endpoints[@]+"${endpoints[@]}"}
    ;;
  revoke) npx calendar-interop rotation revoke --stack "$STACK" --now --yes -- "$SLOT" ;;
  stage | retire | restore) npx calendar-interop rotation "$ACTION" --stack "$STACK" ;;
  *)
    echo "ACTION is $ACTION; allowed: run, stage, confirm, retire, revoke, restore" >&2
    exit 2
    ;;
esac
