"""Manifests against Kubernetes' own schemas, strictly: unknown fields fail.

For the last three minor versions that kubernetes-validate has. Kinds of other groups have no
schema there: those of custom_resources.py are left to it, and any other one fails.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator

import custom_resources
import kubernetes_validate
import kubernetes_validate.utils
from stacks import Document, Stack

VERSIONS = ("1.35", "1.36", "1.37")

# It would read each schema, and the list of versions, anew for every document.
for _name in ("schema_contents", "all_versions"):
    _cached = functools.cache(getattr(kubernetes_validate.utils, _name))
    setattr(kubernetes_validate.utils, _name, _cached)

# The same document is in many builds.
_KNOWN: dict[str, list[str]] = {}


def judge(stack: Stack) -> Iterator[str]:
    for build, documents in stack.builds.items():
        if not documents:
            yield f"{build}: nothing was read"
        for document in documents:
            if custom_resources.key(document) in custom_resources.MODULES:
                continue
            text = json.dumps(document, sort_keys=True)
            if text not in _KNOWN:
                _KNOWN[text] = list(_faults(document))
            for fault in _KNOWN[text]:
                yield f"{build}: {document['kind']} {document['metadata']['name']}: {fault}"


def _faults(document: Document) -> Iterator[str]:
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except Exception as error:  # noqa: BLE001 (it has one for each thing that is wrong)
            yield f"{version}: {type(error).__name__}: {getattr(error, 'message', error)}"
