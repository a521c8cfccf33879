"""The endpoint as one would write it in Python: Flask, pandas, served by gunicorn."""

import pandas as pd
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.post("/method")
def method():
    body = request.get_json()
    scalar = body["scalar"]
    frame = pd.DataFrame(scalar["data"], columns=scalar["headers"])
    frame["sum_ts"] = body["param"]["scale"] * (frame["e1_ts"] + frame["e2_ts"])
    result = frame[["date", "sum_ts"]]
    return jsonify(
        scalar={"headers": list(result.columns), "data": result.values.tolist()},
        error=0,
        log="",
    )
