"""Custom resources against the definitions of those who made them.

npm has packages that are generated from these definitions: TypeScript's checker finds fields
that there are not, and values of another type, the packages' validators the rest. Not judged:
rules in CEL, which only a cluster asks.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from linter import Findings, ToolError, run
from proof import Check, Fault
from stacks import Document, Stack

# Where the definition of a kind is, by its version and name.
MODULES = {
    ("external-secrets.io/v1", "ExternalSecret"): "external-secrets/external-secrets.io/v1",
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): "gateway-api/gateway.networking.k8s.io/v1",
    ("keda.sh/v1alpha1", "ScaledObject"): "keda/keda.sh/v1alpha1",
    ("keda.sh/v1alpha1", "TriggerAuthentication"): "keda/keda.sh/v1alpha1",
    ("monitoring.coreos.com/v1", "ServiceMonitor"): "prometheus-operator/monitoring.coreos.com/v1",
}


def check(stacks: Sequence[Stack], tools: Path, work: Path) -> Check:
    # The types are looked for beside the file.
    packages = work / "packages"
    packages.mkdir(parents=True)
    for name in ("node_modules", "package.json", "validate.js"):
        (packages / name).symlink_to(tools.parent / "custom-resources" / name)

    def find(some: Sequence[Stack]) -> Findings:
        owners: dict[str, dict[str, str]] = {}
        for stack in some:
            for build, documents in stack.builds.items():
                for document in documents:
                    if key(document) in MODULES:
                        own = owners.setdefault(json.dumps(document, sort_keys=True), {})
                        own.setdefault(stack.name, build)
        texts = list(owners)
        findings: Findings = {stack.name: [] for stack in some}
        documents = [json.loads(text) for text in texts]
        said_of = _types(documents, tools, packages) + _values(documents, tools, packages)
        for number, said in said_of:
            where = f"{documents[number]['kind']} {documents[number]['metadata']['name']}"
            for name, build in owners[texts[number]].items():
                findings[name].append(f"{build}: {where}: {said}")
        return findings

    return Check("custom resources", stacks, find, _faults(stacks[0]))


def key(document: Document) -> tuple[str, str]:
    return document["apiVersion"], document["kind"]


def _module(document: Document) -> str:
    return f"@kubernetes-models/{MODULES[key(document)]}/{document['kind']}"


def _types(documents: list[Document], tools: Path, packages: Path) -> list[tuple[int, str]]:
    # One to a line, so that a line is a document.
    source = packages / "documents.ts"
    source.write_text(
        "".join(
            f"export const d{number}: import({json.dumps(_module(document))}).I{document['kind']}"
            f" = {json.dumps(document)};\n"
            for number, document in enumerate(documents)
        )
    )
    done = run(
        tools / "node", "node_modules/typescript/bin/tsc", "--noEmit", "--strict",
        "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "--pretty", "false",
        source.name, cwd=packages, verdicts=(0, 1, 2),
    )  # fmt: skip
    found = re.findall(r"^documents\.ts\((\d+),\d+\): (.*)$", done.stdout, re.M)
    if bool(found) != bool(done.returncode):
        raise ToolError(f"tsc: {done.stdout[:500]}")
    return [(int(line) - 1, said) for line, said in found]


def _values(documents: list[Document], tools: Path, packages: Path) -> list[tuple[int, str]]:
    questions = [{"module": _module(document), "document": document} for document in documents]
    done = subprocess.run(  # noqa: S603 (the words are this program's own)
        [tools / "node", "validate.js"],
        cwd=packages,
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ToolError(f"validate.js: {done.stderr[-500:]}")
    answers = json.loads(done.stdout)
    return [(number, said) for number, all_ in enumerate(answers) for said in all_]


Plant = Callable[[Any], Any]
# Kind, what the finding says, and the fault in its spec.
FAULTS: list[tuple[str, str, Plant]] = [
    *((kind, "unheardOf", lambda spec: spec.update(unheardOf=1)) for _, kind in MODULES),
    ("ExternalSecret", "not assignable", lambda spec: spec.update(refreshInterval=60)),
    ("ScaledObject", "minReplicaCount", lambda spec: spec.update(minReplicaCount="2")),
    ("ScaledObject", "scaleTargetRef", lambda spec: spec.pop("scaleTargetRef")),
    ("TriggerAuthentication", '"key"', lambda spec: spec["secretTargetRef"][0].pop("key")),
    ("ServiceMonitor", "targetport", lambda spec: spec["endpoints"][0].update(targetport="x")),
    ("HTTPRoute", "pattern", lambda spec: spec["rules"][0]["timeouts"].update(request="40 s")),
    ("HTTPRoute", "hostnames", lambda spec: spec.update(hostnames=["*"] * 17)),
]


def _faults(stack: Stack) -> list[Fault]:
    fullest = stack.builds[max(stack.builds, key=len)]
    faults = []
    for number, (kind, sign, plant) in enumerate(FAULTS):
        documents = copy.deepcopy([document for document in fullest if document["kind"] == kind])
        plant(documents[0]["spec"])
        name = f"fault: {kind} {number}"
        faults.append(Fault(Stack(name, stack.path, {"fault": documents}), sign))
    return faults
