#!/usr/bin/env bash
# One sweep over the calendars of the stack STACK: ACTION is apply (raises what is lower than wished, and goes on where a run that was
# cut off came to) or plan (writes nothing).
#
# Ends as the command does, which fails for one mailbox that could not be done, although all others were. Who has which level, and what
# failed, is in the page REPORT all the same; there is none where no sweep has come far enough.
set -euo pipefail

case "$ACTION" in
  plan | apply) ;;
  *)
    echo "ACTION is $ACTION; allowed: plan, apply" >&2
    exit 2
    ;;
esac

code=0
rm -f -- "$REPORT"
# Interrupted in good time, as by Ctrl-C, it gives the stack's lock back; killed by the platform, it would leave it to `pulumi cancel`.
timeout --signal=INT --kill-after=10m "${SWEEP_LIMIT:-315m}" \
  npx calendar-interop visibility "$ACTION" --stack "$STACK" || code=$?
npx calendar-interop visibility report --stack "$STACK" --html "$REPORT" || echo "There is no report."
exit "$code"
