"""Faults for what judges manifests, planted into what kustomize wrote."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from proof import Fault
from references import WAVE
from stacks import Document, Stack


def _context(spec: Document) -> Any:
    return spec["containers"][0]["securityContext"]


def _put(target: Any, name: str, value: Any) -> None:
    target[name] = value


Plant = Callable[[Any], Any]

# Each breaks one rule of the profile, in a pod's spec. What the finding says, and the fault.
RESTRICTED: dict[str, tuple[str, Plant]] = {
    "hostNetwork": ("hostNetwork", lambda s: _put(s, "hostNetwork", True)),
    "hostPID": ("hostPID", lambda s: _put(s, "hostPID", True)),
    "hostIPC": ("hostIPC", lambda s: _put(s, "hostIPC", True)),
    "hostPath": (
        "hostPath",
        lambda s: s["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    ),
    "nfs": (
        "nfs",
        lambda s: s["volumes"].append({"name": "x", "nfs": {"server": "x", "path": "/"}}),
    ),
    "sysctl": (
        "sysctl",
        lambda s: _put(s["securityContext"], "sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
    ),
    "privileged": ("privileged", lambda s: _put(_context(s), "privileged", True)),
    "escalation true": (
        "allowPrivilegeEscalation",
        lambda s: _put(_context(s), "allowPrivilegeEscalation", True),
    ),
    "escalation unsaid": (
        "allowPrivilegeEscalation",
        lambda s: _context(s).pop("allowPrivilegeEscalation"),
    ),
    "capabilities unsaid": ("lacks ALL", lambda s: _context(s).pop("capabilities")),
    "one capability dropped": (
        "lacks ALL",
        lambda s: _put(_context(s)["capabilities"], "drop", ["NET_RAW"]),
    ),
    "capability added": (
        "adds SYS_ADMIN",
        lambda s: _put(_context(s)["capabilities"], "add", ["SYS_ADMIN"]),
    ),
    "seccomp unsaid": ("no seccompProfile", lambda s: s["securityContext"].pop("seccompProfile")),
    "seccomp unconfined": (
        "seccompProfile",
        lambda s: _put(s["securityContext"], "seccompProfile", {"type": "Unconfined"}),
    ),
    "seccomp unconfined in the container": (
        "seccompProfile",
        lambda s: _put(_context(s), "seccompProfile", {"type": "Unconfined"}),
    ),
    "apparmor unconfined": (
        "appArmorProfile",
        lambda s: _put(_context(s), "appArmorProfile", {"type": "Unconfined"}),
    ),
    "selinux type": (
        "seLinuxOptions",
        lambda s: _put(_context(s), "seLinuxOptions", {"type": "spc_t"}),
    ),
    "selinux user": (
        "seLinuxOptions",
        lambda s: _put(s["securityContext"], "seLinuxOptions", {"user": "root"}),
    ),
    "procMount": ("procMount", lambda s: _put(_context(s), "procMount", "Unmasked")),
    "root unsaid": ("runAsNonRoot", lambda s: s["securityContext"].pop("runAsNonRoot")),
    "root in the container": ("runAsNonRoot", lambda s: _put(_context(s), "runAsNonRoot", False)),
    "user 0": ("runAsUser", lambda s: _put(s["securityContext"], "runAsUser", 0)),
    "user 0 in the container": ("runAsUser", lambda s: _put(_context(s), "runAsUser", 0)),
    "hostPort": (
        "hostPort",
        lambda s: _put(s["containers"][0], "ports", [{"containerPort": 1, "hostPort": 1}]),
    ),
    "probe of another host": (
        "httpGet.host",
        lambda s: _put(s["containers"][0], "livenessProbe", {"httpGet": {"host": "10.0.0.1"}}),
    ),
    "lifecycle of another host": (
        "tcpSocket.host",
        lambda s: _put(
            s["containers"][0], "lifecycle", {"preStop": {"tcpSocket": {"host": "10.0.0.1"}}}
        ),
    ),
    "windows host process": (
        "windowsOptions",
        lambda s: _put(s["securityContext"], "windowsOptions", {"hostProcess": True}),
    ),
    "bare init container": (
        "container x:",
        lambda s: _put(s, "initContainers", [{"name": "x", "image": "x:1"}]),
    ),
    "no container": ("no container", lambda s: _put(s, "containers", [])),
}
SCHEMA: dict[str, tuple[str, Plant]] = {
    "unknown field of a pod": ("restartpolicy", lambda s: _put(s, "restartpolicy", "Never")),
    "unknown field of a container": (
        "comand",
        lambda s: _put(s["containers"][0], "comand", ["x"]),
    ),
    "number for a text": (
        "1.37",
        lambda s: _put(s["containers"][0], "env", [{"name": "A", "value": 1}]),
    ),
    "text for a number": ("60s", lambda s: _put(s, "terminationGracePeriodSeconds", "60s")),
    "unknown field of preStop": (
        "second",
        lambda s: _put(s["containers"][0], "lifecycle", {"preStop": {"sleep": {"second": 5}}}),
    ),
}
REFERENCES: dict[str, tuple[str, Plant]] = {
    "config that is not there": (
        "ConfigMap x",
        lambda s: _put(s["containers"][0], "envFrom", [{"configMapRef": {"name": "x"}}]),
    ),
    "config that nobody reads": ("no pod reads it", lambda s: s["containers"][0].pop("envFrom")),
    "account that is not there": (
        "ServiceAccount x",
        lambda s: _put(s, "serviceAccountName", "x"),
    ),
    "secret that is not there": (
        "Secret x has no A",
        lambda s: _put(
            s["containers"][0],
            "env",
            [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "x", "key": "A"}}}],
        ),
    ),
    "token": ("automount", lambda s: s.pop("automountServiceAccountToken")),
    "service links": ("enableServiceLinks", lambda s: s.pop("enableServiceLinks")),
    "volume that is not there": ("volume tmp", lambda s: s.pop("volumes")),
    "emptyDir without a limit": (
        "no limit",
        lambda s: s["volumes"].append({"name": "x", "emptyDir": {}}),
    ),
    "claim that is not there": (
        "claim x",
        lambda s: s["volumes"].append({"name": "x", "persistentVolumeClaim": {"claimName": "x"}}),
    ),
    "memory": (
        "memory",
        lambda s: _put(s["containers"][0]["resources"]["requests"], "memory", "1Mi"),
    ),
    "CPU limit": ("CPU", lambda s: _put(s["containers"][0]["resources"]["limits"], "cpu", "1")),
    "storage": (
        "ephemeral-storage",
        lambda s: s["containers"][0]["resources"]["limits"].pop("ephemeral-storage"),
    ),
    "writable root": ("writable", lambda s: _context(s).pop("readOnlyRootFilesystem")),
    "image without a tag": (
        "neither tag",
        lambda s: _put(s["containers"][0], "image", "registry.example.com:5000/x"),
    ),
    "preStop as long as the grace period": (
        "preStop",
        lambda s: _put(s["containers"][0], "lifecycle", {"preStop": {"sleep": {"seconds": 60}}}),
    ),
}


def _spec(kind: str, *path: str) -> Callable[[list[Document]], Any]:
    """Where a fault goes in the first document of a kind."""

    def of(documents: list[Document]) -> Any:
        place: Any = next(document for document in documents if document["kind"] == kind)
        for key in path:
            place = place[key]
        return place

    return of


POD = ("spec", "template", "spec")
# Of documents: kind, place, what the finding says, and the fault.
DOCUMENTS: dict[str, tuple[str, tuple[str, ...], str, Plant]] = {
    "migration before its account": (
        "ServiceAccount",
        ("metadata", "annotations"),
        "comes after",
        lambda m: _put(m, WAVE, "2"),
    ),
    "a claim that nobody mounts": (
        "PersistentVolumeClaim",
        ("metadata",),
        "no pod mounts it",
        lambda m: _put(m, "name", "x"),
    ),
    "monitor of nothing": (
        "ServiceMonitor",
        ("spec", "selector", "matchLabels"),
        "finds no Service",
        lambda s: _put(s, "app.kubernetes.io/component", "x"),
    ),
    "route to nothing": (
        "HTTPRoute",
        ("spec", "rules"),
        "Service x",
        lambda r: _put(r[0]["backendRefs"][0], "name", "x"),
    ),
    "queue without its authentication": (
        "TriggerAuthentication",
        ("metadata",),
        "authentication is not there",
        lambda m: _put(m, "name", "x"),
    ),
    "authentication without its key": (
        "TriggerAuthentication",
        ("spec", "secretTargetRef"),
        "has no X",
        lambda s: _put(s[0], "key", "X"),
    ),
    "two autoscalers": (
        "ScaledObject",
        ("spec", "scaleTargetRef"),
        "two autoscalers",
        lambda s: _put(s, "name", s["name"].replace("-worker", "-web")),
    ),
    "no component": (
        "Service",
        ("metadata", "labels"),
        "no component",
        lambda m: m.pop("app.kubernetes.io/component"),
    ),
    "name too long": ("Service", ("metadata",), "63", lambda m: _put(m, "name", "x" * 64)),
    "another namespace": ("Job", ("metadata",), "namespaces", lambda m: _put(m, "namespace", "x")),
    "selector of no pod": (
        "Service",
        ("spec", "selector"),
        "no pod",
        lambda s: _put(s, "app.kubernetes.io/component", "x"),
    ),
    "port that nobody has": (
        "Service",
        ("spec", "ports"),
        "no port",
        lambda p: _put(p[0], "targetPort", "x"),
    ),
    "no readiness": (
        "Service",
        ("spec", "selector"),
        "readiness",
        lambda s: _put(s, "app.kubernetes.io/component", "beat"),
    ),
    "budget of no pod": (
        "PodDisruptionBudget",
        ("spec", "selector", "matchLabels"),
        "finds no pod",
        lambda s: _put(s, "app.kubernetes.io/component", "x"),
    ),
    "replicas beside an autoscaler": (
        "HorizontalPodAutoscaler",
        ("spec", "scaleTargetRef"),
        "replicas",
        lambda s: _put(s, "name", s["name"].replace("-web", "-beat")),
    ),
    "autoscaler of nothing": (
        "HorizontalPodAutoscaler",
        ("spec", "scaleTargetRef"),
        "not there",
        lambda s: _put(s, "name", "x"),
    ),
    "backend that is not there": (
        "Ingress",
        ("spec", "rules"),
        "Service x",
        lambda r: _put(r[0]["http"]["paths"][0]["backend"]["service"], "name", "x"),
    ),
    "a Job that keeps its name": (
        "Job",
        POD,
        "its name is of image",
        lambda s: _put(s["containers"][0], "image", "other:2"),
    ),
    "a selector of others' pods": (
        "Deployment",
        ("spec", "selector"),
        "selector finds",
        lambda s: s["matchLabels"].pop("app.kubernetes.io/component"),
    ),
}


def of_pods(
    stack: Stack,
    plants: dict[str, tuple[str, Plant]],
    kinds: tuple[str, ...] = ("Deployment", "Job"),
) -> Iterator[Fault]:
    """Each in the first Deployment and in the Job."""
    for kind in kinds:
        for name, (sign, plant) in plants.items():
            documents = copy.deepcopy(stack.builds["production"])
            place = _spec(kind, *POD)
            # The one that nobody reads is the migration's: others share theirs.
            if kind == "Deployment" and sign == "no pod reads it":
                continue
            if sign == "preStop":
                place(documents)["terminationGracePeriodSeconds"] = 60
            plant(place(documents))
            yield Fault(Stack(f"fault: {name}, {kind}", stack.path, {"fault": documents}), sign)


def of_documents(stack: Stack) -> Iterator[Fault]:
    fullest = stack.builds[max(stack.builds, key=len)]
    for name, (kind, path, sign, plant) in DOCUMENTS.items():
        documents = copy.deepcopy(fullest)
        plant(_spec(kind, *path)(documents))
        yield Fault(Stack(f"fault: {name}", stack.path, {"fault": documents}), sign)
    kept = [
        document for document in stack.builds["production"] if document["kind"] != "NetworkPolicy"
    ]
    yield Fault(Stack("fault: no policies", stack.path, {"fault": kept}), "no network policy")
