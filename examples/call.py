"""Posts a pandas frame with requests and prints the returned frame. On an error it prints the log and exits with 1."""

import json
import sys

import pandas as pd
import requests

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000/method"
scale = float(sys.argv[2]) if len(sys.argv) > 2 else 25


def call(frame):
    body = {"param": {"scale": scale}, "scalar": {"headers": list(frame), "data": frame.to_numpy().tolist()}}
    # Not json=body, because requests refuses NaN. json.dumps writes NaN, which the service accepts.
    # Not frame.to_json(), which writes 10 digits by default and at most 15.
    headers = {"Content-Type": "application/json"}
    response = requests.post(url, data=json.dumps(body), headers=headers).json()

    # A refused body also gets HTTP 200, so raise_for_status() is not enough.
    if response["error"] != 0:
        sys.exit(f"error {response['error']}: {response['log']}")

    print(response["log"])
    # dtype turns None into NaN, even in a column that has only None.
    return pd.DataFrame(response["scalar"]["data"], columns=response["scalar"]["headers"], dtype=float)


def show(frame):
    for date, value in frame.itertuples(index=False):
        print(date, value)


frame = pd.DataFrame(
    {
        "date": [1420066800.0, 1420066801.0, 1420066802.0, 1420066803.0],
        "e1_ts": [1.2507524347169103, 17.684785517717145, 48.464766632981956, 11.014022077905956],
        "e2_ts": [842.59695878373316, 503.28803528253366, 921.17810851017862, 935.60744493063885],
    }
)
show(call(frame))

frame.loc[1, "e1_ts"] = float("nan")  # missing
frame.loc[2, "e2_ts"] = None  # missing, too
show(call(frame))
