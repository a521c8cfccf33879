"""Posts a recorded body with requests and prints the returned rows. On an error it prints the log and exits with 1."""

import os
import sys

import requests

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000/method"
file = sys.argv[2] if len(sys.argv) > 2 else "body.json"

headers = {"Content-Type": "application/json"}
if "KASEM_KEY" in os.environ:
    headers["X-API-Key"] = os.environ["KASEM_KEY"]
with open(file, "rb") as body:
    response = requests.post(url, data=body, headers=headers).json()

# A refused body also gets HTTP 200, so raise_for_status() is not enough.
if response["error"] != 0:
    sys.exit(f"error {response['error']}: {response['log']}")

print(response["log"])
for row in response["scalar"]["data"]:
    print(*row)
