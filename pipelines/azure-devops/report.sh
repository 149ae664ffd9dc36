#!/usr/bin/env bash
# Shows the Markdown file REPORT: as a work item of type Issue (`ticket`), one for each stack as long as it is open, or as a comment on
# the pull request (`comment`). Does nothing where there is no report. SYSTEM_ACCESSTOKEN goes to curl through a pipe, so that it is in
# no list of processes.
set -euo pipefail

[ -s "$REPORT" ] || exit 0
project="$SYSTEM_COLLECTIONURI$SYSTEM_TEAMPROJECTID"

# ask TYPE URL: posts standard input, answers on standard output.
ask() {
  curl --fail-with-body --silent --show-error \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$SYSTEM_ACCESSTOKEN") \
    --header "Content-Type: $1" --data-binary @- "$2"
}

case "$1" in
  ticket)
    title="Rotation of $STACK: something is due"
    found=$(jq --null-input --arg title "$title" '{query: ("SELECT [System.Id] FROM WorkItems"
      + " WHERE [System.TeamProject] = @project AND [System.Title] = \u0027" + ($title | gsub("\u0027"; "\u0027\u0027")) + "\u0027"
      + " AND [System.State] NOT IN (\u0027Done\u0027, \u0027Closed\u0027, \u0027Removed\u0027)")}' |
      ask application/json "$project/_apis/wit/wiql?api-version=7.1" | jq '.workItems | length')
    if [ "$found" -eq 0 ]; then
      jq --null-input --arg title "$title" --rawfile body "$REPORT" \
        '[{op: "add", path: "/fields/System.Title", value: $title},
          {op: "add", path: "/fields/System.Description", value: $body},
          {op: "add", path: "/multilineFieldsFormat/System.Description", value: "Markdown"}]' |
        ask application/json-patch+json "$project/_apis/wit/workitems/\$Issue?api-version=7.1" > /dev/null
    fi
    ;;
  comment)
    repository="$project/_apis/git/repositories/$BUILD_REPOSITORY_ID"
    jq --null-input --rawfile body "$REPORT" '{comments: [{content: $body, commentType: "text"}], status: "closed"}' |
      ask application/json "$repository/pullRequests/$SYSTEM_PULLREQUEST_PULLREQUESTID/threads?api-version=7.1" > /dev/null
    ;;
  *)
    echo "found $1; allowed: ticket or comment" >&2
    exit 2
    ;;
esac
