"""Rules for ECS files: Amazon's own model of the requests, and what it does not say.

The JSON files are judged as the requests they are, and held against stack.yaml: both have to
say the same.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator
from stacks import Stack
from template import differences, resources, values

HERE = Path(__file__).resolve().parent
MODEL = botocore.session.get_session().get_service_model("ecs")
OPERATIONS = {"task": "RegisterTaskDefinition", "service": "CreateService"}

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
SECRET_NAME = re.compile(
    r"PASSWORD|SECRET|TOKEN|PRIVATE|CREDENTIAL|_URL$|_DSN$|BACKEND$|API_KEY", re.I
)
SECRET_VALUE = re.compile(r"://[^/\s]*:[^/\s]*@|AKIA[0-9A-Z]{16}|-----BEGIN")
SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:(ssm:[a-z0-9-]+:\d{12}:parameter/|secretsmanager:[a-z0-9-]+:\d{12}:secret:)\S+"
)
IMAGE = re.compile(r"[^\s:@]+(:\d+/[^\s:@]+)?(:(?!latest\b)[\w][\w.-]{0,127}|@sha256:[0-9a-f]{64})")


def pairs() -> dict[int, set[int]]:
    table = tomllib.loads((HERE / "fargate-pairs.toml").read_text())
    return {
        pair["cpu"]: set(
            range(pair["memory"]["from"], pair["memory"]["to"] + 1, pair["memory"]["step"])
            if isinstance(pair["memory"], dict)
            else pair["memory"]
        )
        for pair in table["pair"]
    }


PAIRS = pairs()


def unknown_values(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Enumerations and patterns: botocore's validator looks at neither."""
    match shape:
        case StructureShape() if isinstance(value, dict):
            for key in value.keys() & shape.members.keys():
                yield from unknown_values(shape.members[key], value[key], f"{path}.{key}")
        case ListShape() if isinstance(value, list):
            for index, item in enumerate(value):
                yield from unknown_values(shape.member, item, f"{path}[{index}]")
        case MapShape() if isinstance(value, dict):
            for key, item in value.items():
                yield from unknown_values(shape.value, item, f"{path}.{key}")
        case StringShape() if isinstance(value, str):
            if shape.enum and value not in shape.enum:
                yield f"{path}: {value!r} is none of {', '.join(shape.enum)}"


def model(kind: str, document: dict[str, Any]) -> Iterator[str]:
    shape = MODEL.operation_model(OPERATIONS[kind]).input_shape
    report = ParamValidator().validate(document, shape)
    if report.has_errors():
        yield from report.generate_report().splitlines()
    yield from unknown_values(shape, document, "")


def ranged(owner: str, what: dict[str, Any], key: str, low: int, high: int) -> Iterator[str]:
    if key in what and not low <= what[key] <= high:
        yield f"{owner}: {key} is {what[key]}, not from {low} to {high}"


def task(document: dict[str, Any]) -> Iterator[str]:
    wrong = list(model("task", document))
    if wrong:
        # What has another shape cannot be judged further.
        yield from wrong
        return
    if not NAME.fullmatch(document.get("family", "")):
        yield "family: up to 255 letters, digits, - and _"
    if document.get("requiresCompatibilities") != ["FARGATE"]:
        yield "requiresCompatibilities: not FARGATE alone"
    if document.get("networkMode") != "awsvpc":
        yield "networkMode: Fargate has awsvpc alone"
    for key in ("executionRoleArn", "runtimePlatform"):
        if key not in document:
            yield f"{key}: missing"
    for key in ("ipcMode", "placementConstraints", "inferenceAccelerators"):
        if key in document:
            yield f"{key}: not on Fargate"
    if document.get("pidMode") == "host":
        yield "pidMode: host is not on Fargate"
    cpu, memory = document.get("cpu", ""), document.get("memory", "")
    if not (str(cpu).isdigit() and str(memory).isdigit()):
        yield "cpu, memory: both are needed, as units and MiB"
    elif int(memory) not in PAIRS.get(int(cpu), set()):
        yield f"cpu {cpu} and memory {memory} MiB are no pair of Fargate's"
    if "ephemeralStorage" in document:
        yield from ranged("ephemeralStorage", document["ephemeralStorage"], "sizeInGiB", 21, 200)
    volumes = {volume.get("name") for volume in document.get("volumes", [])}
    for volume in document.get("volumes", []):
        if "dockerVolumeConfiguration" in volume or "sourcePath" in volume.get("host", {}):
            yield f"volume {volume.get('name')}: Fargate has no host to take it from"
        shared = volume.get("efsVolumeConfiguration")
        if shared and shared.get("transitEncryption") != "ENABLED":
            yield f"volume {volume.get('name')}: not encrypted on its way"
        if shared and not shared.get("authorizationConfig", {}).get("accessPointId"):
            yield f"volume {volume.get('name')}: no access point, so it is root's"
    containers = document.get("containerDefinitions", [])
    names = [container.get("name") for container in containers]
    if len(names) != len(set(names)):
        yield "two containers of one name"
    if not any(container.get("essential", True) for container in containers):
        yield "no container is essential"
    if str(memory).isdigit():
        kept = sum(
            mount.get("size", 0)
            for container in containers
            for mount in container.get("linuxParameters", {}).get("tmpfs", [])
        )
        if kept * 2 > int(memory):
            yield f"tmpfs: {kept} MiB is more than half of the task's memory"
        held = sum(c.get("memory", c.get("memoryReservation", 0)) for c in containers)
        if held > int(memory):
            yield f"the containers' memory, {held} MiB, is more than the task's"
    for container in containers:
        for finding in container_findings(container, names, volumes):
            yield f"{container.get('name')}: {finding}"


def container_findings(
    container: dict[str, Any], names: list[str], volumes: set[str]
) -> Iterator[str]:
    router = "firelensConfiguration" in container
    if not NAME.fullmatch(container.get("name", "")):
        yield "name: up to 255 letters, digits, - and _"
    if not IMAGE.fullmatch(container.get("image", "")):
        yield f"image: {container.get('image')!r} has no tag of its own and no digest"
    for key in ("privileged", "dockerSecurityOptions", "links", "hostname", "extraHosts"):
        if container.get(key):
            yield f"{key}: not on Fargate"
    if "stopTimeout" not in container:
        yield "stopTimeout: missing, so 30 s"
    yield from ranged("container", container, "stopTimeout", 2, 120)
    yield from ranged("container", container, "startTimeout", 2, 120)
    linux = container.get("linuxParameters", {})
    for key in ("devices", "maxSwap", "swappiness", "sharedMemorySize"):
        if key in linux:
            yield f"linuxParameters.{key}: not on Fargate"
    mounted = [mount.get("containerPath", "") for mount in linux.get("tmpfs", [])]
    mounted += [mount.get("containerPath", "") for mount in container.get("mountPoints", [])]
    for path in mounted:
        if not path.startswith("/") or mounted.count(path) > 1:
            yield f"mount {path!r}: not absolute, or there twice"
    for mount in container.get("mountPoints", []):
        if mount.get("sourceVolume") not in volumes:
            yield f"mountPoints: no volume {mount.get('sourceVolume')!r}"
    for mount in linux.get("tmpfs", []):
        options = [option.split("=")[0] for option in mount.get("mountOptions", [])]
        for wanted in ("nosuid", "nodev", "mode"):
            if wanted not in options:
                yield f"tmpfs {mount.get('containerPath')}: no {wanted}"
    if not router:
        user = container.get("user", "")
        if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user):
            yield f"user: {user!r} is no UID:GID other than root's"
        if container.get("readonlyRootFilesystem") is not True:
            yield "readonlyRootFilesystem: not true"
        if linux.get("capabilities", {}).get("drop") != ["ALL"]:
            yield "linuxParameters.capabilities: not all dropped"
        if "/tmp" not in mounted:  # noqa: S108
            yield "nothing writable at /tmp, which is HOME"
    if linux.get("capabilities", {}).get("add"):
        yield "linuxParameters.capabilities: one is added"
    for ulimit in container.get("ulimits", []):
        if ulimit.get("name") != "nofile":
            yield f"ulimits: Fargate takes nofile, not {ulimit.get('name')}"
    for port in container.get("portMappings", []):
        if port.get("hostPort", port.get("containerPort")) != port.get("containerPort"):
            yield "portMappings: hostPort is another one"
    yield from check_findings(container.get("healthCheck"))
    for dependency in container.get("dependsOn", []):
        if dependency.get("containerName") not in set(names) - {container.get("name")}:
            yield f"dependsOn: no container {dependency.get('containerName')!r}"
    yield from environment_findings(container)
    yield from log_findings(container.get("logConfiguration", {}), router)


def check_findings(check: dict[str, Any] | None) -> Iterator[str]:
    if check is None:
        return
    command = check.get("command", [])
    if command[:1] not in (["CMD"], ["CMD-SHELL"]) or len(command) < 2:
        yield "healthCheck.command: neither CMD nor CMD-SHELL and what it runs"
    yield from ranged("healthCheck", check, "interval", 5, 300)
    yield from ranged("healthCheck", check, "timeout", 2, 60)
    yield from ranged("healthCheck", check, "retries", 1, 10)
    yield from ranged("healthCheck", check, "startPeriod", 0, 300)
    if check.get("timeout", 5) >= check.get("interval", 30):
        yield "healthCheck: the timeout is not below the interval"
    if any("\n" in part for part in command):
        yield "healthCheck.command: more than one line"


def environment_findings(container: dict[str, Any]) -> Iterator[str]:
    variables = container.get("environment", [])
    secrets = container.get("secrets", [])
    names = [entry.get("name") for entry in variables + secrets]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name}: set twice"
    for variable in variables:
        name, value = variable.get("name", ""), variable.get("value", "")
        if SECRET_NAME.search(name) or SECRET_VALUE.search(str(value)):
            yield f"environment: {name} is a secret, and its value is here"
    for secret in secrets:
        if not SECRET_ARN.fullmatch(secret.get("valueFrom", "")):
            yield f"secrets: {secret.get('name')} comes from no parameter or secret by ARN"
    for part in container.get("command", []) + container.get("entryPoint", []):
        if SECRET_VALUE.search(part):
            yield "command: a secret's value is here"


def log_findings(log: dict[str, Any], router: bool) -> Iterator[str]:
    driver, options = log.get("logDriver"), log.get("options", {})
    if driver not in ("awslogs", "splunk", "awsfirelens"):
        yield f"logConfiguration: Fargate has no driver {driver!r}"
    if router and driver != "awslogs":
        yield "logConfiguration: a log router's own lines go to awslogs"
    if driver == "awslogs":
        for key in ("awslogs-group", "awslogs-region", "awslogs-stream-prefix", "mode"):
            if key not in options:
                yield f"logConfiguration: no {key}"
        if "awslogs-create-group" in options:
            yield "logConfiguration: the execution role may create no group"
        blocking = options.get("mode") == "blocking"
        if blocking == ("max-buffer-size" in options):
            yield "logConfiguration: max-buffer-size belongs to non-blocking"


def service(document: dict[str, Any]) -> Iterator[str]:
    wrong = list(model("service", document))
    if wrong:
        # What has another shape cannot be judged further.
        yield from wrong
        return
    if not NAME.fullmatch(document.get("serviceName", "")):
        yield "serviceName: up to 255 letters, digits, - and _"
    if document.get("launchType") != "FARGATE" or document.get("schedulingStrategy") == "DAEMON":
        yield "launchType: not FARGATE, or a DAEMON"
    if document.get("platformVersion") not in ("LATEST", "1.4.0"):
        yield "platformVersion: below 1.4.0 or not said"
    deployment = document.get("deploymentConfiguration", {})
    low, high = deployment.get("minimumHealthyPercent"), deployment.get("maximumPercent")
    count = document.get("desiredCount", 0)
    if deployment.get("deploymentCircuitBreaker") != {"enable": True, "rollback": True}:
        yield "deploymentCircuitBreaker: not on, or without rollback"
    if low is None or high is None:
        yield "minimumHealthyPercent, maximumPercent: not said"
    elif count * high // 100 <= -(-count * low // 100):
        yield "deploymentConfiguration: leaves no room to replace a task"
    if document.get("availabilityZoneRebalancing") not in ("ENABLED", "DISABLED"):
        yield "availabilityZoneRebalancing: not said, so ENABLED"
    elif document["availabilityZoneRebalancing"] == "ENABLED" and (high or 0) <= 100:
        yield "availabilityZoneRebalancing: needs a maximumPercent above 100"
    if document.get("serviceName", "").endswith("-beat") and (low, high, count) != (0, 100, 1):
        yield "beat: there could be two, or none"
    if document.get("enableExecuteCommand"):
        yield "enableExecuteCommand: needs a writable root file system"
    if document.get("enableECSManagedTags") and document.get("propagateTags", "NONE") == "NONE":
        yield "enableECSManagedTags: needs propagateTags"
    balanced = "loadBalancers" in document
    if balanced and not document.get("healthCheckGracePeriodSeconds"):
        yield "healthCheckGracePeriodSeconds: 0 behind a load balancer"
    if not balanced and "healthCheckGracePeriodSeconds" in document:
        yield "healthCheckGracePeriodSeconds: there is no load balancer"
    network = document.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    if len(set(network.get("subnets", []))) < 2 or not network.get("securityGroups"):
        yield "networkConfiguration: fewer than two subnets, or no security group"


def together(tasks: dict[str, Any], services: dict[str, Any]) -> Iterator[str]:
    """What only two files say together."""
    for name, document in services.items():
        family = document.get("taskDefinition")
        found = [task for task in tasks.values() if task.get("family") == family]
        if not found:
            yield f"{name}.service: no task definition {family!r}"
        for balancer in document.get("loadBalancers", []):
            listens = [
                (container["name"], port["containerPort"])
                for definition in found
                for container in definition["containerDefinitions"]
                for port in container.get("portMappings", [])
            ]
            if (balancer.get("containerName"), balancer.get("containerPort")) not in listens:
                yield f"{name}.service: nothing listens where the load balancer asks"
    for name, document in tasks.items():
        essential = document["containerDefinitions"][-1]
        if name in services and "healthCheck" not in essential:
            yield f"{name}.task: a service without a healthCheck"


def read(path: Path, project: str) -> dict[str, Any]:
    # Template.substitute fails for a name that nobody is told to fill in.
    document: dict[str, Any] = json.loads(Template(path.read_text()).substitute(values(project)))
    return document


def judge(stack: Stack) -> Iterator[str]:
    service_name = json.loads((stack.ecs / "web.service.json").read_text())["serviceName"]
    family = service_name.removesuffix("-web")
    tasks, services = (
        {
            path.name.split(".")[0]: read(path, family)
            for path in sorted(stack.ecs.glob(f"*.{kind}.json"))
        }
        for kind in OPERATIONS
    )
    if not tasks or not services:
        yield "nothing was read"
    for name, document in tasks.items():
        for finding in task(document):
            yield f"{name}.task: {finding}"
    for name, document in services.items():
        for finding in service(document):
            yield f"{name}.service: {finding}"
    yield from together(tasks, services)
    template = stack.ecs / "stack.yaml"
    # Faults are planted without one: what only the comparison finds proves no rule.
    if not template.exists():
        yield "no stack.yaml"
        return
    for kind, ours, theirs in zip(
        OPERATIONS, (tasks, services), resources(template, family), strict=True
    ):
        for name in sorted(ours.keys() | theirs.keys()):
            if name == "migrate":
                # Registered apart: a template that brings it changes the services with it.
                if name in theirs:
                    yield f"{name}.{kind}: the template has it, too"
                continue
            for finding in differences(ours.get(name), theirs.get(name)):
                yield f"{name}.{kind}: {finding}"
