"""Runs fakesnow's HTTP server so that Snowflake's Node driver can talk to it.

The driver reads results as JSON rows and has no Arrow decoder; fakesnow sends queries' results as Arrow. And the
driver takes a bind threshold of 0 for "upload every array bind to a stage", which fakesnow cannot do.

Usage: shim.py PORT
"""

import base64
import datetime
import logging
import sys
import warnings

import fakesnow.server
import pyarrow
import uvicorn
from starlette.responses import JSONResponse

logging.getLogger("fakesnow.server").setLevel(logging.CRITICAL)  # errors reach the driver
warnings.simplefilter("ignore")

EPOCH = datetime.date(1970, 1, 1)


def cell(value, sql_type):
    """One value as Snowflake writes it in a JSON row."""
    if value is None:
        return None
    if isinstance(value, dict):  # timestamps: seconds, and a fraction in nanoseconds
        return None if value["epoch"] is None else f'{value["epoch"]}.{value["fraction"]:09d}'
    if isinstance(value, bool):
        return "1" if value else "0"
    if sql_type == "date":
        return str((value - EPOCH).days)
    if isinstance(value, float):
        return repr(value)
    return str(value)


def rows_of(data):
    if not data.get("rowsetBase64"):
        return []
    table = pyarrow.ipc.open_stream(base64.b64decode(data["rowsetBase64"])).read_all()
    columns = [
        [cell(value, column["type"].lower()) for value in table.column(i).to_pylist()]
        for i, column in enumerate(data["rowtype"])
    ]
    return [list(row) for row in zip(*columns)]


class NodeResponse(JSONResponse):
    def __init__(self, content=None, *args, **kwargs):
        data = content.get("data") if isinstance(content, dict) else None
        if isinstance(data, dict):
            if data.get("queryResultFormat") == "arrow":
                data["rowset"] = rows_of(data)
                data["queryResultFormat"] = "json"
                data.pop("rowsetBase64", None)
            if "rowset" in data:
                data.setdefault("returned", len(data["rowset"]))  # without it the driver never answers
            for parameter in data.get("parameters", []):
                if parameter["name"] == "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD":
                    parameter["value"] = 65_280  # Snowflake's own default
        super().__init__(content, *args, **kwargs)


fakesnow.server.JSONResponse = NodeResponse
uvicorn.run(fakesnow.server.app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
