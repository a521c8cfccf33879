"""Sends rows as KASEM does and prints those that come back; on an error prints its log and ends with 1.

    python3 examples/call.py [URL] [BODY]

BODY is a file to send as it is; requests streams it, so it may be of any length.
"""

import json
import os
import sys

import requests

JSON = {"Content-Type": "application/json"}
URL = os.environ.get("KASEM_URL", "http://127.0.0.1:5000/method")

SAMPLE = {
    "param": {"scale": 25},
    "scalar": {
        "headers": ["date", "e1_ts", "e2_ts"],
        "data": [
            [1420066800.0, 1.2507524347169103, 842.59695878373316],
            [1420066801.0, 17.684785517717145, 503.28803528253366],
            [1420066802.0, 48.464766632981956, 921.17810851017862],
            [1420066803.0, 11.014022077905956, 935.60744493063885],
        ],
    },
}


def post(url, path=None):
    if path is not None:
        with open(path, "rb") as body:
            return requests.post(url, data=body, headers=JSON)
    # Not json=SAMPLE: since 2.26 requests refuses float("nan") there. json.dumps writes it as NaN, which the service takes.
    return requests.post(url, data=json.dumps(SAMPLE), headers=JSON)


try:
    response = post(*(sys.argv[1:] or [URL])).json()
except (OSError, ValueError) as failure:  # not reachable, no such file; no JSON
    sys.exit(str(failure))

# A refused body comes with HTTP 200: raise_for_status() would not see it.
if response["error"] != 0:
    sys.exit(f"error {response['error']}: {response['log']}")

print(response["log"])
for date, value in response["scalar"]["data"]:
    print(date, "missing" if value is None else value)
