"""Reads a CloudFormation template: the requests that its task definitions and services make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ACCOUNT = "123456789012"
_ARN = "arn:aws:{}:eu-central-1:" + ACCOUNT + ":{}"


class Values(dict[str, str]):
    """What a user fills in: the only names that may stand as ${NAME} in a file. A volume has
    an access point with its own name."""

    def __missing__(self, name: str) -> str:
        if not name.startswith("ACCESS_POINT_"):
            raise KeyError(name)
        return access_point(name.removeprefix("ACCESS_POINT_"))


def access_point(name: str) -> str:
    return f"fsap-{name.replace('_', '').lower()}"


def values(project: str) -> Values:
    return Values(
        IMAGE=f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/{project}:0123abc",
        AWS_REGION="eu-central-1",
        EXECUTION_ROLE_ARN=f"arn:aws:iam::{ACCOUNT}:role/{project}-execution",
        SECRETS_ARN=_ARN.format("ssm", f"parameter/{project}"),
        ECS_CLUSTER="default",
        TARGET_GROUP_ARN=_ARN.format(
            "elasticloadbalancing", f"targetgroup/{project}/0123456789abcdef"
        ),
        SUBNET_A="subnet-0aaaaaaaaaaaaaaaa",
        SUBNET_B="subnet-0bbbbbbbbbbbbbbbb",
        WEB_SECURITY_GROUP="sg-0cccccccccccccccc",
        TASK_SECURITY_GROUP="sg-0dddddddddddddddd",
        FILE_SYSTEM_ID="fs-0123456789abcdef0",
        REGISTRY_CREDENTIALS_ARN=_ARN.format("secretsmanager", f"secret:{project}/registry-AbCdEf"),
    )


# Where a key of a request is not that of the resource with a small first letter.
RENAMED = {"EFSVolumeConfiguration": "efsVolumeConfiguration", "FilesystemId": "fileSystemId"}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as its long ones."""


def short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_form)


def parameters(project: str) -> dict[str, Any]:
    filled = values(project)
    return {
        "AWS::Region": filled["AWS_REGION"],
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "Image": filled["IMAGE"],
        "Running": "true",
        "Subnets": [filled["SUBNET_A"], filled["SUBNET_B"]],
        "WebSecurityGroups": [filled["WEB_SECURITY_GROUP"]],
        "TaskSecurityGroups": [filled["TASK_SECURITY_GROUP"]],
        "TargetGroup": filled["TARGET_GROUP_ARN"],
        "ExecutionRole.Arn": filled["EXECUTION_ROLE_ARN"],
        "FileSystemId": filled["FILE_SYSTEM_ID"],
        "RegistryCredentials": filled["REGISTRY_CREDENTIALS_ARN"],
    }


def resolve(value: Any, known: dict[str, Any]) -> Any:
    match value:
        case {"Ref": name}:
            return known[name]
        case {"Fn::GetAtt": [name, attribute]}:
            return known[f"{name}.{attribute}"]
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda match: str(known[match[1]]), text)
        case {"Fn::If": ["IsRunning", yes, no]}:
            return resolve(yes if known["Running"] == "true" else no, known)
        case {"Fn::If": ["HasRegistryCredentials", yes, no]}:
            return resolve(yes if known["RegistryCredentials"] else no, known)
        case dict():
            return {key: resolve(item, known) for key, item in value.items()}
        case list():
            return [resolve(item, known) for item in value]
    return value


def request(value: Any, parent: str = "") -> Any:
    """A resource's properties as the request to the API has them."""
    if isinstance(value, dict):
        named = {key: RENAMED.get(key, key[0].lower() + key[1:]) for key in value}
        return {
            key if parent == "options" else named[key]: request(item, named[key])
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [request(item) for item in value]
    return value


def resources(path: Path, project: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Its task definitions and its services."""
    template = yaml.load(path.read_text(), Loader)  # noqa: S506 (a SafeLoader)
    own: dict[str, Any] = template["Resources"]
    filled = parameters(project)
    known = filled | {
        name: access_point(name.removeprefix("AccessPoint"))
        if name.startswith("AccessPoint")
        else filled.get(name, parameter.get("Default"))
        for name, parameter in template["Parameters"].items()
    }
    for name, resource in own.items():
        if resource["Type"] == "AWS::ECS::TaskDefinition":
            known[name] = resource["Properties"]["Family"]
        if resource["Type"] == "AWS::Logs::LogGroup":
            known[name] = resource["Properties"]["LogGroupName"]
    tasks, services = {}, {}
    for name, resource in own.items():
        properties = request(resolve(resource.get("Properties", {}), known))
        if resource["Type"] == "AWS::ECS::TaskDefinition":
            tasks[name.removesuffix("Task").lower()] = properties
        elif resource["Type"] == "AWS::ECS::Service":
            services[name.removesuffix("Service").lower()] = properties
    return tasks, services


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            if key in ours and key in theirs:
                yield from differences(ours[key], theirs[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}: in one of the two alone"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} in JSON, {theirs!r} in the template"
