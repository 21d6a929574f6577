"""Linters of others: yamllint, checkov and cfn-lint, each called once for all stacks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from linter import Findings, ToolError, edit, read_json, run
from proof import Check, Fault
from stacks import Stack

HERE = Path(__file__).resolve().parent
# What the template says itself that it leaves out, with its reason beside it.
ALLOWED = {"CKV_AWS_158"}
# "Containers should run as a high UID": the stores' images have 999 as theirs.
STORES_ALONE = "CKV_K8S_40"
STORES = {"db", "redis", "cache"}
# Lines hold the project's name: how long they are is judged where that one is not.
LONG = 24


def yamllint(stacks: Sequence[Stack], tools: Path, work: Path) -> Check:
    def find(some: Sequence[Stack]) -> Findings:
        done = run(
            tools / "yamllint", "--strict", "--format", "parsable",
            "--config-file", HERE / "yamllint.yaml", *(stack.path / "deploy" for stack in some),
            verdicts=(0, 1, 2),
        )  # fmt: skip
        return {
            stack.name: [
                # The place last: it is what the same finding has anew in each file.
                "{1}:{2}: {0}: {3}".format(
                    *line.removeprefix(f"{stack.path}/deploy/").split(":", 3)
                )
                for line in done.stdout.splitlines()
                if line.startswith(f"{stack.path}/")
                and not (len(stack.path.name) > LONG and line.endswith("(line-length)"))
            ]
            for stack in some
        }

    faulty = stacks[0].copy("fault yamllint", work)
    edit(faulty.kubernetes / "base/web.yaml", "spec:", "spec:  ")
    return Check("yamllint", stacks, find, [Fault(faulty, "trailing-spaces")])


def checkov(tools: Path, framework: str, files: dict[str, Stack], *more: str) -> Any:
    """Its results; every file has to be in them."""
    done = run(
        tools / "checkov", "--framework", framework, "--skip-download", "--compact",
        *more, "--output", "json", "--file", *files,
    )  # fmt: skip
    results = read_json(done)["results"]
    if results["parsing_errors"]:
        raise ToolError(f"cannot parse {results['parsing_errors']}")
    checks = [*results["passed_checks"], *results["failed_checks"], *results["skipped_checks"]]
    unseen = files.keys() - {check["file_abs_path"] for check in checks}
    if unseen:
        raise ToolError(f"no verdict on {sorted(unseen)[:3]}")
    return results


def checkov_kubernetes(
    stacks: Sequence[Stack], tools: Path, work: Path, faults: Sequence[Fault]
) -> Check:
    settings = yaml.safe_load((HERE / "checkov.yaml").read_text())
    skipped = ",".join(settings["skip-check"])

    def find(some: Sequence[Stack]) -> Findings:
        files: dict[str, Stack] = {}
        for number, stack in enumerate(some):
            for build in chosen(stack):
                path = work / "checkov" / f"{number}" / f"{build}.yaml"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(yaml.safe_dump_all(stack.builds[build]))
                files[str(path)] = stack
        results = checkov(tools, "kubernetes", files, "--skip-check", skipped)
        findings: Findings = {stack.name: [] for stack in some}
        for found in [*results["failed_checks"], *results["skipped_checks"]]:
            path = found["file_abs_path"]
            # KIND.NAMESPACE.NAME, or that of the pod within.
            if found["check_id"] == STORES_ALONE and STORES & set(found["resource"].split(".")):
                continue
            findings[files[path].name].append(
                f"{Path(path).stem}: {found['resource']}: {found['check_id']}: "
                f"{found['check_name']}"
            )
        return findings

    return Check("checkov, Kubernetes", stacks, find, faults)


def chosen(stack: Stack) -> list[str]:
    """Overlays, and the combination that holds what is in all others: checkov judges objects
    one by one."""
    combinations = [name for name in stack.builds if name.startswith("combination")]
    overlays = [name for name in stack.builds if name not in combinations]
    return [*overlays, *sorted(combinations, key=len)[-1:]]


# In stack.yaml: which linter finds it, the text, what stands in its place, and what is said.
TEMPLATE_FAULTS = [
    ("cfn-lint", 'Memory: "1024"', 'Memory: "768"', "E3047"),
    ("cfn-lint", "Priority: !Ref ListenerPriority", "# ", "E3003"),
    ("cfn-lint", "StopTimeout:", "StopTimeouts:", "E3002"),
    ("cfn-lint", "LaunchType: FARGATE", "LaunchType: FARGAT", "E3030"),
    ("cfn-lint", "!GetAtt ExecutionRole.Arn", "!GetAtt ExecutionRol.Arn", "E1010"),
    ("cfn-lint", "[IsRunning, !Ref WorkerCount, 0]", "[IsRunning, 1, 0]", "W2001"),
    ("checkov", "CKV_AWS_158", "CKV_AWS_0", "CKV_AWS_158"),
    ("checkov", "CKV_AWS_158", "CKV_AWS_158\n          - id: CKV_AWS_66", "CKV_AWS_66"),
    ("checkov", "RetentionInDays: ", "# ", "CKV_AWS_66"),
    ("checkov", "Service: ecs-tasks.amazonaws.com", 'AWS: "*"', "CKV_AWS_60"),
]


def template_faults(linter: str, stack: Stack, work: Path) -> list[Fault]:
    faults = []
    for number, (owner, old, new, sign) in enumerate(TEMPLATE_FAULTS):
        if owner == linter:
            # By number: in a path, cfn-lint reads brackets as a pattern.
            faulty = stack.copy(f"fault {linter} {number}", work)
            edit(faulty.ecs / "stack.yaml", old, new)
            if sign == "CKV_AWS_66" and "id:" in new:
                edit(faulty.ecs / "stack.yaml", "RetentionInDays: ", "# ")
            faults.append(Fault(faulty, sign))
    return faults


def cfn_lint(stacks: Sequence[Stack], tools: Path, work: Path) -> Check:
    """Warnings and information, too."""

    def find(some: Sequence[Stack]) -> Findings:
        files = {str(stack.ecs / "stack.yaml"): stack for stack in some}
        done = run(
            tools / "cfn-lint", "--format", "json", "--include-checks", "I",
            "--include-checks", "W", "--", *files, verdicts=range(16),
        )  # fmt: skip
        findings: Findings = {stack.name: [] for stack in some}
        for found in json.loads(done.stdout):
            line = found["Location"]["Start"]["LineNumber"]
            text = f"stack.yaml:{line}: {found['Rule']['Id']}: {found['Message']}"
            findings[files[found["Filename"]].name].append(text)
        return findings

    return Check("cfn-lint", stacks, find, template_faults("cfn-lint", stacks[0], work))


def checkov_template(stacks: Sequence[Stack], tools: Path, work: Path) -> Check:
    def find(some: Sequence[Stack]) -> Findings:
        files = {str(stack.ecs / "stack.yaml"): stack for stack in some}
        results = checkov(tools, "cloudformation", files)
        findings: Findings = {stack.name: [] for stack in some}
        not_allowed = [
            found for found in results["skipped_checks"] if found["check_id"] not in ALLOWED
        ]
        for found in [*results["failed_checks"], *not_allowed]:
            findings[files[found["file_abs_path"]].name].append(
                f"{found['resource']}: {found['check_id']}: {found['check_name']}"
            )
        return findings

    faults = template_faults("checkov", stacks[0], work)
    return Check("checkov, CloudFormation", stacks, find, faults)
