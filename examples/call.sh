#!/bin/sh
# Sends rows as KASEM does and prints those that come back; on an error prints its log and ends with 1.
#
#   sh examples/call.sh [URL] [BODY]
#
# BODY is a file to send as it is; --upload-file streams it, so it may be of any length (--data-binary would hold it).
set -eu

url=${1:-${KASEM_URL:-http://127.0.0.1:5000/method}}
response=$(mktemp)
trap 'rm -f "$response"' EXIT

send() {
  curl -sS --request POST --header 'Content-Type: application/json' --upload-file - --output "$response" "$url"
}
if [ $# -ge 2 ]; then
  send <"$2"
else
  send <<'END'
{ "param": { "scale": 25 },
  "scalar": { "headers": ["date", "e1_ts", "e2_ts"],
              "data": [[1420066800.0, 1.2507524347169103, 842.59695878373316],
                       [1420066801.0, 17.684785517717145, 503.28803528253366],
                       [1420066802.0, 48.464766632981956, 921.17810851017862],
                       [1420066803.0, 11.014022077905956, 935.60744493063885]] } }
END
fi

# error and log stand at the end of every response, also where the HTTP status is 200.
end=$(tail -c 2000 "$response")
error=$(printf '%s' "$end" | sed -n 's/.*"error":\([0-9][0-9]*\),"log":.*/\1/p')
log=$(printf '%s' "$end" | sed -n 's/.*"log":"\(.*\)"}.*/\1/p')
if [ "$error" != 0 ]; then
  echo "error ${error:-?}: ${log:-the response is none of an endpoint behind KASEM}" >&2
  exit 1
fi

echo "$log"
# One row a line: date, sum_ts.
sed 's/.*"data":\[\[*//; s/\]*},"error".*//; s/\],\[/\
/g' "$response"
echo
