#!/usr/bin/env bash
# Shows the Markdown file REPORT: as an issue (`ticket`), one for each stack as long as it is open, or as a comment on the pull request
# NUMBER (`comment`). Does nothing where there is no report. The GitHub CLI takes its token from GH_TOKEN.
set -euo pipefail

[ -s "$REPORT" ] || exit 0
case "$1" in
  ticket)
    title="Rotation of $STACK: something is due"
    gh label create rotation --force --description "Rotation of the secret of calendar-interop"
    number=$(gh issue list --label rotation --state open --limit 100 --json number,title |
      jq --raw-output --arg title "$title" '[.[] | select(.title == $title)][0].number // empty')
    if [ -n "$number" ]; then
      gh issue edit "$number" --body-file "$REPORT"
    else
      gh issue create --label rotation --title "$title" --body-file "$REPORT"
    fi
    ;;
  comment) gh pr comment "$NUMBER" --edit-last --create-if-none --body-file "$REPORT" ;;
  *)
    echo "found $1; allowed: ticket or comment" >&2
    exit 2
    ;;
esac
