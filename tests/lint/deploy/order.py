"""What each step of a release with kubectl picks, asked of kubectl itself.

`kubectl apply --dry-run=client` wants a server for the kinds of things there are: one on
loopback answers that, and 404 to every object.
"""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from linter import Findings, edit, run
from proof import Check, Fault
from references import Release, needed
from stacks import Document, Stack, documents

FIRST = "app.kubernetes.io/component in (shared,migrate)"
REST = "app.kubernetes.io/component!=migrate"

KINDS = {
    "v1": ["Namespace", "ServiceAccount", "ConfigMap", "Secret", "Service"]
    + ["PersistentVolumeClaim"],
    "apps/v1": ["Deployment", "StatefulSet"],
    "batch/v1": ["Job"],
    "policy/v1": ["PodDisruptionBudget"],
    "networking.k8s.io/v1": ["NetworkPolicy", "Ingress"],
    "autoscaling/v2": ["HorizontalPodAutoscaler"],
}


def check(stacks: Sequence[Stack], kubectl: Path, work: Path) -> Check:
    """Of the overlays. Stacks without a migration have nothing to order."""

    def find(some: Sequence[Stack]) -> Findings:
        with server() as address:
            return {stack.name: list(judge(stack, kubectl, address, work)) for stack in some}

    migrating = [stack for stack in stacks if (stack.kubernetes / "base/migrate.yaml").exists()]

    def fault(name: str, file: str, old: str, new: str, sign: str) -> Fault:
        faulty = migrating[0].copy(f"fault order {name}", work)
        edit(faulty.kubernetes / file, old, new)
        return Fault(faulty, sign)

    component = "app.kubernetes.io/component: "
    other_step = migrating[0].copy("fault order another step", work)
    (other_step.path / "DEPLOY.md").write_text("kubectl apply -k . -l 'component=web'\n")
    return Check(
        "order of a release",
        migrating,
        find,
        [
            Fault(other_step, "no step"),
            fault(
                "account comes later",
                "base/service-account.yaml",
                component + "shared",
                component + "web",
                "not before the Job: ServiceAccount",
            ),
            fault(
                "web comes first",
                "base/web.yaml",
                component + "web",
                component + "shared",
                "before the migration ended: Deployment",
            ),
            fault(
                "migration comes again",
                "base/migrate.yaml",
                component + "migrate",
                component + "other",
                "Job",
            ),
        ],
    )


def judge(stack: Stack, kubectl: Path, address: str, work: Path) -> Iterator[str]:
    run_book = stack.path / "DEPLOY.md"
    text = run_book.read_text() if run_book.exists() else ""
    for selector in re.findall(r"(?:-l|--selector)[ =]'([^']+)'", text):
        if selector not in (FIRST, REST):
            yield f"DEPLOY.md: {selector!r} is no step that is judged"
    for overlay in sorted(path for path in (stack.kubernetes / "overlays").iterdir()):
        built = documents(run(kubectl, "kustomize", overlay, verdicts=[0]).stdout)

        def picked(*selector: str, overlay: Path = overlay) -> set[str]:
            done = run(
                kubectl, "--server", address, "apply", "--dry-run=client", "--validate=false",
                "--output", "json", "--kustomize", overlay, *selector,
                env={"HOME": str(work), "KUBECONFIG": "/dev/null"}, verdicts=[0],
            )  # fmt: skip
            found = json.loads(done.stdout)
            items = found["items"] if found["kind"] == "List" else [found]
            return {named(item) for item in items}

        every = {named(document) for document in built}
        for missed in sorted(every - picked()):
            yield f"{overlay.name}: kubectl applies everything but {missed}"
        first, rest = picked("--selector", FIRST), picked("--selector", REST)
        for what in sorted(before(built) - first):
            yield f"{overlay.name}: not before the Job: {what}"
        for what in sorted(first):
            if what.split()[0] in ("Deployment", "StatefulSet", "Service", "Ingress"):
                yield f"{overlay.name}: before the migration ended: {what}"
        for what in sorted(every - first - rest):
            yield f"{overlay.name}: in no step: {what}"
        for what in sorted(rest):
            if what.startswith("Job "):
                yield f"{overlay.name}: again, going back: {what}"


def named(document: Document) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


def before(built: list[Document]) -> set[str]:
    """The Job, and what its pod has to find."""
    release = Release(built)
    found: set[str] = set()
    for owner, _ in release.all("Job"):
        found |= {owner, *(where for where, _ in needed(release, owner))}
    return found


@contextmanager
def server() -> Iterator[str]:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        body = answer(self.path.split("?")[0].strip("/"))
        missing = {"kind": "Status", "apiVersion": "v1", "reason": "NotFound", "code": 404}
        text = json.dumps(body or missing | {"status": "Failure"}).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def answer(path: str) -> dict[str, Any] | None:
    """Discovery alone."""
    if path == "version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.0"}
    if path == "api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "apis":
        versions = [{"groupVersion": v, "version": v.split("/")[1]} for v in KINDS if "/" in v]
        groups = [
            {"name": own["groupVersion"].split("/")[0], "versions": [own], "preferredVersion": own}
            for own in versions
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
            "verbs": ["get", "list", "create", "patch", "delete"],
        }
        for kind in KINDS[version]
    ]
    listed = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version}
    return listed | {"resources": resources}


def plural(kind: str) -> str:
    kind = kind.lower()
    if kind.endswith("y"):
        return kind[:-1] + "ies"
    return kind + ("es" if kind.endswith("ss") else "s")
