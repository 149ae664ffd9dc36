#!/usr/bin/env bash
# Shows the Markdown file REPORT: as an issue (`ticket`), one for each stack as long as it is open, or as a comment on the merge request
# (`comment`). Does nothing where there is no report. REPORT_TOKEN goes to curl through a pipe, so that it is in no list of processes.
set -euo pipefail

[ -s "$REPORT" ] || exit 0
project="$CI_API_V4_URL/projects/$CI_PROJECT_ID"

ask() {
  curl --fail-with-body --silent --show-error \
    --config <(printf 'header = "PRIVATE-TOKEN: %s"\n' "$REPORT_TOKEN") "$@"
}

case "$1" in
  ticket)
    open=$(ask --get --data state=opened --data-urlencode "labels=rotation-$STACK" "$project/issues")
    if [ "$open" = '[]' ]; then
      ask --output /dev/null --form-string "title=Rotation of $STACK: something is due" \
        --form-string "labels=rotation-$STACK" --form "description=<$REPORT" "$project/issues"
    fi
    ;;
  comment) ask --output /dev/null --form "body=<$REPORT" "$project/merge_requests/$CI_MERGE_REQUEST_IID/notes" ;;
  *)
    echo "found $1; allowed: ticket or comment" >&2
    exit 2
    ;;
esac
