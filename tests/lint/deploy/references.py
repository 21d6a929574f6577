"""Fails where manifests do not fit each other. Takes no cluster.

What no schema sees: names that nothing answers to, selectors that find no pod, a Job that
would keep its name under a new image, replicas beside an autoscaler.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from restricted import TEMPLATES, pod_of
from stacks import Document, Stack

# Made outside of the manifests: the run-book's command, or the ExternalSecret's operator.
OUTSIDE = re.compile(r".*-secrets$")
COMPONENT = "app.kubernetes.io/component"
WAVE = "argocd.argoproj.io/sync-wave"


class Release:
    """What one build brings, by kind and name, and its pods by their owners."""

    def __init__(self, documents: list[Document]) -> None:
        self.by_kind: dict[str, dict[str, Document]] = {}
        for document in documents:
            self.by_kind.setdefault(document["kind"], {})[document["metadata"]["name"]] = document
        self.owners: dict[str, Document] = {
            f"{kind} {name}": document
            for kind in self.by_kind.keys() & TEMPLATES.keys()
            for name, document in self.by_kind[kind].items()
        }

    def all(self, *kinds: str) -> Iterator[tuple[str, Document]]:
        """Kind and name, and the document."""
        for kind in kinds:
            for name, document in self.by_kind.get(kind, {}).items():
                yield f"{kind} {name}", document

    def names(self, kind: str) -> set[str]:
        return set(self.by_kind.get(kind, {}))

    def found_by(self, selector: Document) -> list[str]:
        """Owners of the pods that it selects; an empty one selects every pod."""
        return [owner for owner in self.owners if fits(self.labels(owner), selector)]

    def labels(self, owner: str) -> dict[str, str]:
        return pod_of(self.owners[owner])["metadata"].get("labels") or {}

    def has_key(self, ref: Document) -> bool:
        secret = self.by_kind.get("Secret", {}).get(ref["name"])
        external = self.by_kind.get("ExternalSecret", {}).get(ref["name"])
        if secret:
            return ref["key"] in {*(secret.get("data") or {}), *(secret.get("stringData") or {})}
        if external:
            return ref["key"] in {entry["secretKey"] for entry in external["spec"]["data"]}
        return bool(OUTSIDE.fullmatch(ref["name"]))


def fits(labels: dict[str, str], selector: Document) -> bool:
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    for expression in selector.get("matchExpressions") or []:
        if expression["operator"] != "In":
            raise ValueError(f"operator {expression['operator']} is not judged")
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True


def containers(pod: Document) -> list[Document]:
    spec = pod["spec"]
    return [*(spec.get("initContainers") or []), *spec["containers"]]


def config_maps(container: Document) -> Iterator[str]:
    for env in container.get("env") or []:
        if "configMapKeyRef" in (env.get("valueFrom") or {}):
            yield env["valueFrom"]["configMapKeyRef"]["name"]
    for source in container.get("envFrom") or []:
        if "configMapRef" in source:
            yield source["configMapRef"]["name"]


def claims(pod: Document) -> Iterator[str]:
    for volume in pod["spec"].get("volumes") or []:
        if "persistentVolumeClaim" in volume:
            yield volume["persistentVolumeClaim"]["claimName"]


def needed(release: Release, owner: str) -> Iterator[tuple[str, Document]]:
    """What the pods of an owner have to find: account, configuration, secrets, claims, policies."""
    pod = pod_of(release.owners[owner])
    text = json.dumps(pod)
    kinds = ("ServiceAccount", "ConfigMap", "Secret", "ExternalSecret", "PersistentVolumeClaim")
    for where, document in release.all(*kinds):
        if json.dumps(document["metadata"]["name"]) in text:
            yield where, document
    for where, document in release.all("NetworkPolicy"):
        if fits(release.labels(owner), document["spec"]["podSelector"]):
            yield where, document


def wave_faults(release: Release) -> Iterator[str]:
    """Argo CD waits for a wave to be healthy before it begins the next one."""

    def wave(document: Document) -> int:
        return int((document["metadata"].get("annotations") or {}).get(WAVE, 0))

    for owner, document in release.owners.items():
        for where, other in needed(release, owner):
            if wave(other) > wave(document):
                yield f"{owner}: {where}, which it needs, comes after it: {wave(other)}"
        for job, _ in release.all("Job"):
            if owner != job and wave(document) <= wave(release.owners[job]) != 0:
                yield f"{owner}: not after {job}"


def documents_faults(documents: list[Document], release: Release) -> Iterator[str]:
    if len(documents) != sum(len(found) for found in release.by_kind.values()):
        yield "two documents of one kind and name"
    namespaces = {d["metadata"].get("namespace") for d in documents if d["kind"] != "Namespace"}
    if len(namespaces) != 1:
        yield f"namespaces: {namespaces}"
    for document in documents:
        where = f"{document['kind']} {document['metadata']['name']}"
        if COMPONENT not in (document["metadata"].get("labels") or {}):
            yield f"{where}: no component, so no selector of the run-book finds it"
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", document["metadata"]["name"]):
            yield f"{where}: no valid name of at most 63 characters"
    pods = [pod_of(owner) for owner in release.owners.values()]
    used = {claim for pod in pods for claim in claims(pod)}
    for name in release.names("PersistentVolumeClaim") - used:
        yield f"PersistentVolumeClaim {name}: no pod mounts it"
    used = {name for pod in pods for own in containers(pod) for name in config_maps(own)}
    for name in release.names("ConfigMap") - used:
        yield f"ConfigMap {name}: no pod reads it"


def pod_faults(release: Release) -> Iterator[str]:
    for owner, document in release.owners.items():
        pod = pod_of(document)
        spec = pod["spec"]
        selector = document["spec"].get("selector")
        if selector and not fits(release.labels(owner), selector):
            yield f"{owner}: its selector does not find its own pods"
        if selector and release.found_by(selector) != [owner]:
            yield f"{owner}: its selector finds {release.found_by(selector)}"
        account = spec.get("serviceAccountName")
        if account and account not in release.names("ServiceAccount"):
            yield f"{owner}: ServiceAccount {account} is not there"
        for switch in ("automountServiceAccountToken", "enableServiceLinks"):
            if spec.get(switch) is not False:
                yield f"{owner}: {switch} is not false"
        for claim in claims(pod):
            if claim not in release.names("PersistentVolumeClaim"):
                yield f"{owner}: claim {claim} is not there"
        for volume in spec.get("volumes") or []:
            if "emptyDir" in volume and not (volume["emptyDir"] or {}).get("sizeLimit"):
                yield f"{owner}: emptyDir {volume['name']} has no limit"
        for spread in spec.get("topologySpreadConstraints") or []:
            if not fits(release.labels(owner), spread["labelSelector"]):
                yield f"{owner}: its topology spread counts other pods"
        templates = document["spec"].get("volumeClaimTemplates") or []
        volumes = {volume["name"] for volume in spec.get("volumes") or []}
        volumes |= {template["metadata"]["name"] for template in templates}
        grace = spec.get("terminationGracePeriodSeconds", 30)
        for container in containers(pod):
            for fault in container_faults(release, container, volumes, grace):
                yield f"{owner}: {fault}"


def container_faults(
    release: Release, container: Document, volumes: set[str], grace: int
) -> Iterator[str]:
    for config in config_maps(container):
        if config not in release.names("ConfigMap"):
            yield f"ConfigMap {config} is not there"
    for env in container.get("env") or []:
        ref = (env.get("valueFrom") or {}).get("secretKeyRef")
        if ref and not release.has_key(ref):
            yield f"Secret {ref['name']} has no {ref['key']}"
    for mount in container.get("volumeMounts") or []:
        if mount["name"] not in volumes:
            yield f"volume {mount['name']} is not there"
    stop = (container.get("lifecycle") or {}).get("preStop") or {}
    if stop.get("sleep", {}).get("seconds", 0) >= grace:
        yield "preStop leaves nothing of the grace period"
    resources = container.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    if requests.get("memory") is None or requests["memory"] != limits.get("memory"):
        yield "memory request and limit differ"
    if "cpu" not in requests or "cpu" in limits:
        yield "CPU wants a request and no limit"
    if not {"ephemeral-storage"} <= requests.keys() & limits.keys():
        yield "ephemeral-storage wants a request and a limit"
    if not (container.get("securityContext") or {}).get("readOnlyRootFilesystem"):
        yield "the root file system is writable"
    if not re.search(r":[^/:@]+($|@)|@sha256:", container["image"]):
        yield f"image {container['image']} has neither tag nor digest"


def network_faults(release: Release) -> Iterator[str]:
    for where, document in release.all("Service"):
        spec = document["spec"]
        found = release.found_by({"matchLabels": spec.get("selector") or {}})
        if len(found) != 1 or not spec.get("selector"):
            yield f"{where}: finds {found or 'no pod'}"
            continue
        served = containers(pod_of(release.owners[found[0]]))[0]
        ports = {port["name"] for port in served.get("ports") or []}
        for port in spec["ports"]:
            if port["targetPort"] not in ports:
                yield f"{where}: {found[0]} has no port {port['targetPort']}"
        if "readinessProbe" not in served:
            yield f"{found[0]}: behind a Service and without a readiness probe"
    for where, document in release.all("PodDisruptionBudget", "NetworkPolicy"):
        spec = document["spec"]
        if not release.found_by(spec.get("podSelector") or spec.get("selector") or {}):
            yield f"{where}: finds no pod"
    for owner in release.owners:
        directions = {
            direction
            for _, policy in release.all("NetworkPolicy")
            if owner in release.found_by(policy["spec"]["podSelector"])
            for direction in policy["spec"]["policyTypes"]
        }
        for direction in sorted({"Ingress", "Egress"} - directions):
            yield f"{owner}: no network policy denies {direction}"
    services = [document["metadata"].get("labels") or {} for _, document in release.all("Service")]
    for where, document in release.all("ServiceMonitor"):
        if not any(fits(labels, document["spec"]["selector"]) for labels in services):
            yield f"{where}: finds no Service"
    for where, service in backends(release):
        if service not in release.names("Service"):
            yield f"{where}: Service {service} is not there"


def backends(release: Release) -> Iterator[tuple[str, str]]:
    for where, document in release.all("Ingress"):
        for rule in document["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                yield where, path["backend"]["service"]["name"]
    for where, document in release.all("HTTPRoute"):
        for rule in document["spec"]["rules"]:
            for backend in rule["backendRefs"]:
                yield where, backend["name"]


def scaling_faults(release: Release) -> Iterator[str]:
    for where, document in release.all("TriggerAuthentication"):
        for ref in document["spec"]["secretTargetRef"]:
            if not release.has_key(ref):
                yield f"{where}: Secret {ref['name']} has no {ref['key']}"
    for where, document in release.all("ScaledObject"):
        for trigger in document["spec"]["triggers"]:
            if trigger["authenticationRef"]["name"] not in release.names("TriggerAuthentication"):
                yield f"{where}: its authentication is not there"
    scaled: list[str] = []
    for where, document in release.all("HorizontalPodAutoscaler", "ScaledObject"):
        target = document["spec"]["scaleTargetRef"]["name"]
        deployment = release.by_kind.get("Deployment", {}).get(target)
        if not deployment:
            yield f"{where}: Deployment {target} is not there"
        elif "replicas" in deployment["spec"]:
            yield f"{where}: {target} has replicas beside it"
        scaled.append(target)
    for target in {target for target in scaled if scaled.count(target) > 1}:
        yield f"Deployment {target}: two autoscalers"


def job_faults(release: Release) -> Iterator[str]:
    for name, job in release.by_kind.get("Job", {}).items():
        image: Any = job["spec"]["template"]["spec"]["containers"][0]["image"]
        config = release.by_kind.get("ConfigMap", {}).get(name)
        if not config:
            yield f"Job {name}: no ConfigMap of that name, so it would keep it"
        elif config["data"].get("IMAGE") != image:
            yield f"Job {name}: its name is of image {config['data'].get('IMAGE')}, not {image}"


def faults(documents: list[Document]) -> Iterator[str]:
    release = Release(documents)
    yield from documents_faults(documents, release)
    yield from pod_faults(release)
    yield from network_faults(release)
    yield from scaling_faults(release)
    yield from job_faults(release)
    yield from wave_faults(release)


def judge(stack: Stack) -> Iterator[str]:
    for build, documents in stack.builds.items():
        for fault in faults(documents) if documents else ["nothing was read"]:
            yield f"{build}: {fault}"
