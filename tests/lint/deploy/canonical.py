"""Whether kustomization files are written as `kustomize edit` writes them.

It rewrites a file field by field: keys sorted, sequences not indented, and comments moved
above the field that they are in. What is written so already stays as it is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

import yaml
from stacks import Stack


class Dumper(yaml.SafeDumper):
    """Writes text of several lines as it is."""


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, _text)


def judge(stack: Stack) -> Iterator[str]:
    """Those of the overlays: the ones that a release edits."""
    for path in sorted(stack.kubernetes.glob("overlays/*/kustomization.yaml")):
        for block in re.split(r"^(?=[A-Za-z])", path.read_text(), flags=re.M)[1:]:
            block = re.sub(r"(\n(#.*)?)+\Z", "\n", block, count=1)  # noqa: PLW2901
            written = yaml.dump(yaml.safe_load(block), Dumper=Dumper, width=1000)
            lines = difflib.unified_diff(block.splitlines(), written.splitlines(), n=0, lineterm="")
            for line in list(lines)[3:]:
                yield f"{path.parent.name}: {line}"
