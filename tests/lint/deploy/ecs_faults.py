"""Faults for ecs.py: one value of one file is another one, or gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proof import Fault
from stacks import Stack

TASK, SERVICE = "task", "service"
C = "containerDefinitions/0"
D = "deploymentConfiguration"
N = "networkConfiguration/awsvpcConfiguration"
EFS = {"name": "media", "efsVolumeConfiguration": {"fileSystemId": "${FILE_SYSTEM_ID}"}}
# Of which file, where in it, the value (None takes it away), and what the finding says.
FAULTS: list[tuple[str, str, str, Any, str]] = [
    (TASK, "web", "memory", "768", "no pair"),
    (TASK, "web", "cpu", "300", "no pair"),
    (TASK, "web", "memory", "8192", "no pair"),
    (TASK, "web", "cpus", "512", "Unknown parameter"),
    (TASK, "web", "networkMode", "bridge", "awsvpc"),
    (TASK, "web", "networkMode", "vpc", "none of"),
    (TASK, "web", "runtimePlatform/cpuArchitecture", "AMD64", "none of"),
    (TASK, "web", "family", "celery.web", "family"),
    (TASK, "web", "ephemeralStorage/sizeInGiB", 20, "sizeInGiB"),
    (TASK, "web", "executionRoleArn", None, "executionRoleArn"),
    (TASK, "web", "volumes", [{"name": "data", "host": {"sourcePath": "/srv"}}], "no host"),
    (TASK, "web", "volumes", [EFS], "not encrypted"),
    (TASK, "web", "volumes", [EFS], "no access point"),
    (TASK, "web", f"{C}/stopTimeout", 121, "stopTimeout"),
    (TASK, "web", f"{C}/stopTimeout", None, "stopTimeout"),
    (TASK, "web", f"{C}/image", "registry.example.com:5000/shop", "image"),
    (TASK, "web", f"{C}/image", "shop:latest", "image"),
    (TASK, "web", f"{C}/user", "0:0", "user"),
    (TASK, "web", f"{C}/user", "app", "user"),
    (TASK, "web", f"{C}/privileged", True, "privileged"),
    (TASK, "web", f"{C}/readonlyRootFilesystem", False, "readonlyRootFilesystem"),
    (TASK, "web", f"{C}/linuxParameters/tmpfs/0/size", 900, "half"),
    (TASK, "web", f"{C}/linuxParameters/tmpfs", [], "/tmp"),
    (TASK, "web", f"{C}/linuxParameters/tmpfs/0/mountOptions", ["nosuid", "nodev"], "mode"),
    (TASK, "web", f"{C}/linuxParameters/sharedMemorySize", 64, "sharedMemorySize"),
    (TASK, "web", f"{C}/linuxParameters/capabilities/add", ["SYS_PTRACE"], "added"),
    (TASK, "web", f"{C}/linuxParameters/capabilities/drop", ["NET_RAW"], "dropped"),
    (TASK, "web", f"{C}/healthCheck/interval", 4, "interval"),
    (TASK, "web", f"{C}/healthCheck/timeout", 10, "below the interval"),
    (TASK, "web", f"{C}/healthCheck/timeout", 61, "timeout"),
    (TASK, "web", f"{C}/healthCheck/retries", 11, "retries"),
    (TASK, "web", f"{C}/healthCheck/startPeriod", 301, "startPeriod"),
    (TASK, "web", f"{C}/healthCheck/startInterval", 1, "Unknown parameter"),
    (TASK, "web", f"{C}/healthCheck/command/0", "python", "CMD"),
    (TASK, "web", f"{C}/healthCheck", None, "without a healthCheck"),
    (TASK, "web", f"{C}/environment/0/value", "redis://:hunter2@cache:6379/0", "secret"),
    (TASK, "web", f"{C}/environment/0/name", "POSTGRES_PASSWORD", "secret"),
    (TASK, "web", f"{C}/environment/0/name", "DATABASE_URL", "set twice"),
    (TASK, "web", f"{C}/environment/2/value", 1, "Invalid type"),
    (TASK, "web", f"{C}/secrets/0/valueFrom", "postgresql://app:pw@db/app", "by ARN"),
    (TASK, "web", f"{C}/logConfiguration/logDriver", "json-file", "no driver"),
    (TASK, "web", f"{C}/logConfiguration/logDriver", "local", "none of"),
    (TASK, "web", f"{C}/logConfiguration/options/awslogs-stream-prefix", None, "stream-prefix"),
    (TASK, "web", f"{C}/logConfiguration/options/mode", "blocking", "max-buffer-size"),
    (TASK, "web", f"{C}/ulimits", [{"name": "nproc", "softLimit": 9, "hardLimit": 9}], "nofile"),
    (TASK, "web", f"{C}/portMappings/0/hostPort", 80, "hostPort"),
    (TASK, "web", f"{C}/portMappings/0/containerPort", 8001, "nothing listens"),
    (TASK, "web", f"{C}/mountPoints", [{"sourceVolume": "x", "containerPath": "/x"}], "no volume"),
    (TASK, "web", f"{C}/dependsOn", [{"containerName": "web", "condition": "START"}], "dependsOn"),
    (TASK, "web", f"{C}/essential", False, "essential"),
    (TASK, "worker", f"{C}/command/1", "--app=app.other:app", "in the template"),
    (SERVICE, "web", "taskDefinition", "celery-wbe", "no task definition"),
    (SERVICE, "web", "desiredCount", "2", "Invalid type"),
    (SERVICE, "web", "platformVersion", "1.3.0", "platformVersion"),
    (SERVICE, "web", "launchType", "FARGAT", "none of"),
    (SERVICE, "web", f"{D}/maximumPercent", 100, "no room"),
    (SERVICE, "web", f"{D}/deploymentCircuitBreaker/rollback", False, "rollback"),
    (SERVICE, "web", "healthCheckGracePeriodSeconds", 0, "GracePeriod"),
    (SERVICE, "worker", "healthCheckGracePeriodSeconds", 60, "GracePeriod"),
    (SERVICE, "web", "availabilityZoneRebalancing", None, "Rebalancing"),
    (SERVICE, "beat", "availabilityZoneRebalancing", "ENABLED", "above 100"),
    (SERVICE, "beat", f"{D}/maximumPercent", 200, "beat"),
    (SERVICE, "beat", "desiredCount", 2, "beat"),
    (SERVICE, "web", "enableExecuteCommand", True, "writable"),
    (SERVICE, "web", "propagateTags", "NONE", "propagateTags"),
    (SERVICE, "web", f"{N}/subnets", ["subnet-1"], "two subnets"),
    (SERVICE, "worker", "desiredCount", 3, "in the template"),
]


def planted(stack: Stack, work: Path) -> Iterator[Fault]:
    for number, (kind, name, path, value, sign) in enumerate(FAULTS):
        faulty = stack.copy(f"fault {number}: {name}.{kind} {path} = {value!r}"[:100], work)
        file = faulty.ecs / f"{name}.{kind}.json"
        document = json.loads(file.read_text())
        *parents, last = [int(key) if key.isdigit() else key for key in path.split("/")]
        place: Any = document
        for key in parents:
            place = place[key] if isinstance(key, int) else place.setdefault(key, {})
        if value is None:
            del place[last]
        else:
            place[last] = value
        file.write_text(json.dumps(document))
        # What only the comparison with the template finds proves no rule.
        if sign != "in the template":
            (faulty.ecs / "stack.yaml").unlink()
        yield Fault(faulty, sign)
