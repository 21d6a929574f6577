"""Fails on every pod that the Pod Security profile `restricted` would refuse; takes no cluster.

The rules are those of https://kubernetes.io/docs/concepts/security/pod-security-standards/,
baseline and restricted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stacks import Document, Stack

# Where a pod is, by kind.
TEMPLATES = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
# Of seccomp and AppArmor.
PROFILES = {"RuntimeDefault", "Localhost"}
SELINUX = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
HANDLERS = ("livenessProbe", "readinessProbe", "startupProbe")


def pod_of(document: Document) -> Any:
    """Of a kind in TEMPLATES."""
    path = TEMPLATES[document["kind"]]
    for key in path:
        document = document.get(key) or {}
    return document


def context_faults(context: Document, where: str) -> Iterator[str]:
    """What pods and containers have in common."""
    for name in ("seccompProfile", "appArmorProfile"):
        kind = (context.get(name) or {}).get("type")
        if name in context and kind not in PROFILES:
            yield f"{where}: {name}.type is {kind}"
    selinux = context.get("seLinuxOptions") or {}
    if selinux.get("type") not in SELINUX or selinux.get("user") or selinux.get("role"):
        yield f"{where}: seLinuxOptions"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield f"{where}: windowsOptions.hostProcess"
    if context.get("runAsUser") == 0:
        yield f"{where}: runAsUser is 0"
    if context.get("runAsNonRoot") is False:
        yield f"{where}: runAsNonRoot is false"


def faults(pod: Document) -> Iterator[str]:
    spec = pod.get("spec") or {}
    context = spec.get("securityContext") or {}
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield f"{name}"
    yield from context_faults(context, "pod")
    for sysctl in context.get("sysctls") or []:
        if sysctl["name"] not in SYSCTLS:
            yield f"sysctl {sysctl['name']}"
    for volume in spec.get("volumes") or []:
        for kind in set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']}: {kind}"
    for key in (pod.get("metadata") or {}).get("annotations") or {}:
        if key.startswith(("seccomp.security.alpha", "container.apparmor.security.beta")):
            yield f"annotation {key}: read as the older form, not judged here"
    containers = [
        container
        for name in ("initContainers", "containers", "ephemeralContainers")
        for container in spec.get(name) or []
    ]
    if not containers:
        yield "no container"
    for container in containers:
        own = container.get("securityContext") or {}
        where = f"container {container.get('name')}"
        yield from context_faults(own, where)
        if own.get("privileged"):
            yield f"{where}: privileged"
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{where}: allowPrivilegeEscalation is not false"
        if own.get("procMount") not in (None, "Default"):
            yield f"{where}: procMount"
        if not own.get("runAsNonRoot", context.get("runAsNonRoot")):
            yield f"{where}: runAsNonRoot is not true"
        if "seccompProfile" not in own and "seccompProfile" not in context:
            yield f"{where}: no seccompProfile"
        capabilities = own.get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or []):
            yield f"{where}: capabilities.drop lacks ALL"
        for capability in capabilities.get("add") or []:
            if capability != "NET_BIND_SERVICE":
                yield f"{where}: adds {capability}"
        for port in container.get("ports") or []:
            if port.get("hostPort"):
                yield f"{where}: hostPort {port['hostPort']}"
        handlers = [container.get(name) or {} for name in HANDLERS]
        handlers += (container.get("lifecycle") or {}).values()
        for handler in handlers:
            for action in ("httpGet", "tcpSocket"):
                if (handler.get(action) or {}).get("host"):
                    yield f"{where}: {action}.host"


def judge(stack: Stack) -> Iterator[str]:
    for build, documents in stack.builds.items():
        pods = [document for document in documents if document.get("kind") in TEMPLATES]
        if not pods:
            yield f"{build}: no pod was read"
        for document in pods:
            for fault in faults(pod_of(document)):
                yield f"{build}: {document['kind']} {document['metadata']['name']}: {fault}"
