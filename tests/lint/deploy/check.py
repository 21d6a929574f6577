"""Judges the files for a cluster and for ECS; see README.md of the linters. Called by run.sh."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import canonical
import custom_resources
import ecs
import ecs_faults
import faults
import kustomize
import order
import references
import restricted
import schemas
import stacks as sources
import tools
from linter import ToolError, edit
from proof import Check, Fault, Verdict, each, judged
from stacks import FULL, Stack

# Of one check; a fault in a template is found in many stacks.
SHOWN = 12


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/lint/deploy/run.sh", description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--dockwright", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help="leave the outputs on disk")
    parser.add_argument("directory", nargs="*", type=Path, help="what is judged instead")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="dockwright-deploy-"))
    try:
        return _main(options.bin.resolve(), options.dockwright.resolve(), options.directory, work)
    except ToolError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(f"outputs are in {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)


def _main(bin_: Path, dockwright: Path, directories: list[Path], work: Path) -> int:
    begun = time.monotonic()
    outputs = work / "outputs"
    outputs.mkdir()
    written = sources.written(dockwright, outputs, full_alone=bool(directories))
    if not directories:
        examples = sorted(path.parent for path in Path("examples").glob("*/deploy"))
        directories = [path for path in examples if path.is_dir()]
    # The full one is always there: faults are planted into copies of it.
    stacks = sorted(written, key=lambda stack: stack.name != FULL)
    stacks += sources.given(directories)
    clusters = [stack for stack in stacks if stack.kubernetes.is_dir()]
    templates = [stack for stack in stacks if stack.ecs.is_dir()]

    # What kustomize makes is what most of the others judge.
    kubectl = bin_ / "kubectl"
    verdicts = judged([kustomize.check(clusters, kubectl, work / "kustomize")])
    if verdicts[0].broken:
        return _report(verdicts, stacks, time.monotonic() - begun)
    verdicts += judged(
        [
            *_of_manifests(clusters, bin_, work),
            order.check(clusters, kubectl, work / "order"),
            tools.yamllint(stacks, bin_, work / "yamllint"),
            tools.cfn_lint(templates, bin_, work / "cfn-lint"),
            tools.checkov_template(templates, bin_, work / "checkov-template"),
            Check(
                "ECS model and rules",
                templates,
                each(ecs.judge),
                list(ecs_faults.planted(templates[0], work / "ecs")),
            ),
        ]
    )
    return _report(verdicts, stacks, time.monotonic() - begun)


def _of_manifests(stacks: Sequence[Stack], bin_: Path, work: Path) -> list[Check]:
    full = stacks[0]
    noncanonical = full.copy("fault canonical", work / "canonical")
    production = noncanonical.kubernetes / "overlays/production/kustomization.yaml"
    edit(production, "\n- ../../base", "\n  - ../../base")
    wrong = {name: faults.RESTRICTED[name] for name in ("hostNetwork", "privileged")}
    checkov = [
        Fault(fault.stack, sign)
        for fault, sign in zip(
            faults.of_pods(full, wrong, kinds=("Deployment",)),
            ("CKV_K8S_19", "CKV_K8S_16"),
            strict=True,
        )
    ]
    return [
        Check("kustomize edit", stacks, each(canonical.judge), [Fault(noncanonical, "../../base")]),
        Check(
            "Pod Security, restricted",
            stacks,
            each(restricted.judge),
            list(faults.of_pods(full, faults.RESTRICTED)),
        ),
        Check(
            "references",
            stacks,
            each(references.judge),
            [*faults.of_pods(full, faults.REFERENCES), *faults.of_documents(full)],
        ),
        Check(
            f"schemas of {', '.join(schemas.VERSIONS)}",
            stacks,
            each(schemas.judge),
            list(faults.of_pods(full, faults.SCHEMA)),
        ),
        custom_resources.check(stacks, bin_, work / "custom-resources"),
        tools.checkov_kubernetes(stacks, bin_, work, checkov),
    ]


def _report(verdicts: list[Verdict], stacks: Sequence[Stack], seconds: float) -> int:
    builds = sum(len(stack.builds) for stack in stacks)
    print(f"{'deploy targets':36}{'stacks':>8}{'faults':>8}{'findings':>10}{'seconds':>9}")
    for verdict in verdicts:
        found = sum(len(lines) for lines in verdict.findings.values())
        check = verdict.check
        counts = f"{len(check.stacks):8}{len(check.faults):8}{found:10}{verdict.seconds:9.1f}"
        print(f"{check.name:36}{counts}")
        for reason in verdict.broken[:6]:
            print(f"  not to be believed: {reason}")
        for line in _shown(verdict):
            print(f"  {line}")
    print(f"{builds} builds of kustomize, {seconds:.0f} s")
    passed = sum(verdict.passed for verdict in verdicts)
    failed = sum(verdict.failed for verdict in verdicts)
    print(f"deploy: {passed} passed, {failed} failed")
    return 1 if failed else 0


def _shown(verdict: Verdict) -> list[str]:
    """The same finding once, whatever its line and build, with the stacks that have it."""
    names: dict[str, tuple[str, dict[str, None]]] = {}
    for name, lines in verdict.findings.items():
        for line in lines:
            kind = re.sub(r"\d+", "", line.split(": ", 1)[-1]).replace(name, "")
            names.setdefault(kind, (line, {}))[1][name] = None
    shown = [
        f"{line} ({', '.join(list(owners)[:3])}{' and more' if len(owners) > 3 else ''})"
        for line, owners in names.values()
    ]
    rest = len(shown) - SHOWN
    return shown if rest <= 0 else [*shown[:SHOWN], f"… and {rest} more"]


if __name__ == "__main__":
    sys.exit(main())
