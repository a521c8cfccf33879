#!/bin/sh
# Posts rows with curl and prints the returned rows. On an error it prints the response and exits with 1.
set -eu

url=${1:-http://127.0.0.1:5000/method}
scale=${2:-25}

# Arguments: one sample of each series.
call() {
  response=$(
    curl -sS --header 'Content-Type: application/json' --data-binary @- "$url" <<JSON
{ "param": { "scale": $scale },
  "scalar": { "headers": ["date", "e1_ts", "e2_ts"],
              "data": [[1420066800.0, 1.2507524347169103, 842.59695878373316],
                       [1420066801.0, $1, 503.28803528253366],
                       [1420066802.0, 48.464766632981956, $2],
                       [1420066803.0, 11.014022077905956, 935.60744493063885]] } }
JSON
  )

  # A refused body also gets HTTP 200, so --fail is not enough.
  case $response in
    *'"error":0,'*) ;;
    *) echo "$response" >&2 && exit 1 ;;
  esac

  # Prints the log, then one row per line.
  echo "$response" | sed 's/.*"log":"\(.*\)"}/\1/'
  echo "$response" | sed 's/.*"data":\[\[//; s/\]\].*//; s/\],\[/\
/g'
}

call 17.684785517717145 921.17810851017862
call null NaN # missing, either way
