"""A stand-in for a cluster: an API on the loopback that keeps objects, rolls deployments out and runs jobs.

    cluster.py STATE

What it is told stands below the directory STATE: `broken` holds images that never become healthy, `failing` those whose
job fails, `running` those whose job does not end yet; `refused` holds kinds, or one of them like Deployment/shop-web, that are
not taken. What it has stands there, too: `log`, a line for each write. Prints its port, and serves until it is ended.
"""

from __future__ import annotations

import copy
import http.server
import json
import sys
import urllib.parse
from pathlib import Path
from typing import Any

Object = dict[str, Any]

KINDS = {
    "v1": ["Namespace", "ServiceAccount", "ConfigMap", "Secret", "Service", "PersistentVolumeClaim", "Pod"],
    "apps/v1": ["Deployment", "ReplicaSet", "StatefulSet"],
    "batch/v1": ["Job"],
    "policy/v1": ["PodDisruptionBudget"],
    "networking.k8s.io/v1": ["NetworkPolicy", "Ingress"],
    "autoscaling/v2": ["HorizontalPodAutoscaler"],
}

STATE = Path(sys.argv[1])
OBJECTS: dict[str, Object] = {}


def plural(kind: str) -> str:
    """The name of a kind in addresses."""
    kind = kind.lower()
    return kind[:-1] + "ies" if kind.endswith("y") else kind + ("es" if kind.endswith("ss") else "s")


def discovery(path: str) -> Object | None:
    """What there is."""
    if path == "version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.0"}
    if path == "api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "apis":
        versions = [(version.split("/")[0], version) for version in KINDS if "/" in version]
        groups = [
            {"name": name, "versions": [one], "preferredVersion": one}
            for name, version in versions
            for one in [{"groupVersion": version, "version": version.split("/")[1]}]
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    version = path.removeprefix("apis/").removeprefix("api/")
    if version not in KINDS:
        return None
    resources = [
        {
            "name": plural(kind),
            "singularName": kind.lower(),
            "namespaced": kind != "Namespace",
            "kind": kind,
            "verbs": ["create", "delete", "get", "list", "patch", "watch"],
        }
        for kind in KINDS[version]
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


def merged(old: Any, new: Any) -> Any:
    """A strategic merge, as far as lists go by `name` or `containerPort`."""
    if isinstance(old, dict) and isinstance(new, dict):
        result = dict(old)
        for key, value in new.items():
            if key.startswith("$"):
                continue
            if value is None:
                result.pop(key, None)
            else:
                result[key] = merged(result.get(key), value)
        return result
    named = isinstance(old, list) and isinstance(new, list) and all(isinstance(one, dict) and "name" in one for one in old + new)
    if named:
        by_name = {one["name"]: one for one in old}
        for one in new:
            by_name[one["name"]] = merged(by_name.get(one["name"]), one)
        return list(by_name.values())
    return new


def words(name: str) -> list[str]:
    """What STATE says."""
    path = STATE / name
    return path.read_text().split() if path.exists() else []


def images(template: Object) -> list[str]:
    """The images of a pod's template."""
    return [container["image"] for container in template["spec"]["containers"]]


def settle(path: str, found: Object) -> None:
    """What a cluster's controllers do with an object that was written."""
    metadata = found["metadata"]
    metadata.setdefault("uid", path)
    metadata["resourceVersion"] = str(len((STATE / "log").read_text().splitlines()))
    if found["kind"] == "Job":
        fails = any(image in words("failing") for image in images(found["spec"]["template"]))
        found["spec"]["selector"] = {"matchLabels": {"job-name": metadata["name"]}}
        found["status"] = {"conditions": [{"type": "Failed" if fails else "Complete", "status": "True"}]}
        if any(image in words("running") for image in images(found["spec"]["template"])):
            found["status"] = {"active": 1}
        namespace = path.split("/jobs/")[0].replace("apis/batch/v1", "api/v1")
        pod = {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": metadata["name"], "namespace": metadata["namespace"], "labels": {"job-name": metadata["name"]}},
            "spec": found["spec"]["template"]["spec"],
            "status": {"phase": "Failed" if fails else "Succeeded"},
        }
        OBJECTS[f"{namespace}/pods/{metadata['name']}"] = pod
    if found["kind"] != "Deployment":
        return
    template = found["spec"]["template"]
    base = path.replace("/deployments/", "/replicasets/")
    sets = {key: one for key, one in OBJECTS.items() if key.startswith(base + "-")}
    newest = max((int(one["metadata"]["annotations"]["deployment.kubernetes.io/revision"]) for one in sets.values()), default=0)
    same = [one for one in sets.values() if one["spec"]["template"] == template]
    revision = str(newest + 1)
    if same and same[0]["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == str(newest):
        revision = str(newest)
    own = same[0] if same else {
        "kind": "ReplicaSet",
        "apiVersion": "apps/v1",
        "metadata": {
            "name": f"{metadata['name']}-{revision}",
            "uid": f"{base}-{revision}",
            "namespace": metadata["namespace"],
            "labels": template["metadata"]["labels"],
            "ownerReferences": [{"kind": "Deployment", "name": metadata["name"], "uid": metadata["uid"], "controller": True}],
        },
        "spec": {"replicas": 0, "template": copy.deepcopy(template), "selector": found["spec"]["selector"]},
    }
    own["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": revision}
    OBJECTS[f"{base}-{own['metadata']['name'].rsplit('-', 1)[1]}"] = own
    metadata.setdefault("annotations", {})["deployment.kubernetes.io/revision"] = revision
    metadata["generation"] = metadata.get("generation", 0) + 1
    count = found["spec"].get("replicas", 1)
    broken = any(image in words("broken") for image in images(template))
    progress = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    if broken:
        progress = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    found["status"] = {
        "observedGeneration": metadata["generation"],
        "replicas": count,
        "updatedReplicas": 0 if broken else count,
        "availableReplicas": 0 if broken else count,
        "readyReplicas": 0 if broken else count,
        "conditions": [progress],
    }


def selected(query: dict[str, list[str]], found: Object) -> bool:
    """Whether selectors of a list pick an object."""
    for text in query.get("labelSelector", []):
        for term in filter(None, text.split(",")):
            key, _, value = term.partition("=")
            if found["metadata"].get("labels", {}).get(key) != value.lstrip("="):
                return False
    for text in query.get("fieldSelector", []):
        if text != f"metadata.name={found['metadata']['name']}":
            return False
    return True


class Api(http.server.BaseHTTPRequestHandler):
    """The API."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the base's name)
        """Says nothing."""

    def answer(self, code: int, value: Object, kind: str = "application/json") -> None:
        """Sends an object."""
        text = json.dumps(value).encode() if isinstance(value, dict) else value
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def missing(self, path: str) -> None:
        """Says that there is no such object."""
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404, "message": path}
        self.answer(404, status)

    def refuses(self, kind: str, name: str) -> bool:
        """Whether an object is not taken, which it then says."""
        if not {kind, f"{kind}/{name}"} & set(words("refused")):
            return False
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "not taken"}
        self.answer(403, status)
        return True

    def body(self) -> Any:
        """What was sent."""
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def asked(self) -> tuple[str, dict[str, list[str]]]:
        """The path and the query."""
        address = urllib.parse.urlsplit(self.path)
        return address.path.strip("/"), urllib.parse.parse_qs(address.query)

    def wrote(self, verb: str, found: Object) -> None:
        """Notes a write."""
        line = f"{verb} {found['kind']} {found['metadata']['name']}"
        template = found.get("spec", {}).get("template")
        if template:
            line += " " + ",".join(images(template))
        with (STATE / "log").open("a") as log:
            log.write(line + "\n")

    def do_GET(self) -> None:  # noqa: N802 (the base's name)
        """An object, a list, or a watch that says what there is and ends."""
        path, query = self.asked()
        if (there := discovery(path)) is not None:
            return self.answer(200, there)
        if path in OBJECTS:
            found = OBJECTS[path]
            if found["kind"] == "Job" and "conditions" not in found["status"]:
                settle(path, found)
            return self.answer(200, found)
        if path.endswith("/log") and path.removesuffix("/log") in OBJECTS:
            return self.answer(200, b"what the job said\n", "text/plain")
        name = path.rsplit("/", 1)[1]
        kinds = {plural(kind): (version, kind) for version, all_kinds in KINDS.items() for kind in all_kinds}
        if name not in kinds:
            return self.missing(path)
        items = [one for key, one in OBJECTS.items() if key.rsplit("/", 1)[0] == path and selected(query, one)]
        if "watch" in query:
            events = b"".join(json.dumps({"type": "MODIFIED", "object": one}).encode() + b"\n" for one in items)
            return self.answer(200, events)
        version, kind = kinds[name]
        return self.answer(200, {"kind": kind + "List", "apiVersion": version, "metadata": {"resourceVersion": "1"}, "items": items})

    def do_POST(self) -> None:  # noqa: N802
        """Makes an object."""
        found = self.body()
        path = f"{self.asked()[0]}/{found['metadata']['name']}"
        if self.refuses(found["kind"], found["metadata"]["name"]):
            return None
        self.wrote("create", found)
        settle(path, found)
        OBJECTS[path] = found
        return self.answer(201, found)

    def do_DELETE(self) -> None:  # noqa: N802
        """Takes an object away."""
        path, _ = self.asked()
        if int(self.headers.get("Content-Length", 0)):
            self.body()
        if path not in OBJECTS:
            return self.missing(path)
        self.wrote("delete", OBJECTS[path])
        return self.answer(200, OBJECTS.pop(path))

    def do_PATCH(self) -> None:  # noqa: N802
        """Changes an object."""
        path, _ = self.asked()
        if path not in OBJECTS:
            return self.missing(path)
        patch, found = self.body(), OBJECTS[path]
        if self.refuses(found["kind"], found["metadata"]["name"]):
            return None
        if isinstance(patch, list):
            for change in patch:
                at, (*keys, last) = found, change["path"].strip("/").split("/")
                for key in keys:
                    at = at[key]
                at[last] = change["value"]
        else:
            found = merged(found, patch)
        self.wrote("change", found)
        settle(path, found)
        OBJECTS[path] = found
        return self.answer(200, found)


def main() -> None:
    """Serves until it is ended."""
    (STATE / "log").touch()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
