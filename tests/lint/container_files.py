"""Linters of Dockerfile, entrypoint.sh and nginx.conf."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from linter import Findings, Linter, Output, ToolError, add, edit, read_json, run
from outputs import REGISTRY, Outputs

DOCKERFILE = "Dockerfile"
ENTRYPOINT = "entrypoint.sh"
NGINX = "nginx/nginx.conf"

STAGE = re.compile(r"^FROM (\S+) AS (\S+)$", re.MULTILINE)
# What runs as a container; the other stages only build.
SERVING = {"runtime", "proxy"}
# Stages that BuildKit is asked about in one call: with hundreds it gives up.
AT_ONCE = 48


def linters(outputs: Outputs, tools: Path, work: Path) -> list[Linter]:
    images = outputs.containers
    entrypoints = outputs.running(ENTRYPOINT)
    proxies = outputs.running(NGINX)
    base = image_of(outputs.presets[0], "runtime")
    nginx = image_of(proxies[0], "proxy")
    return [
        Linter(
            "docker build --check",
            images,
            lambda some: build_check(some, base, work / "bake.json"),
            lambda specimen: add(specimen.path / DOCKERFILE, "MAINTAINER nobody"),
            "MaintainerDeprecated",
        ),
        Linter(
            "hadolint",
            images,
            lambda some: hadolint(some, tools, work / "hadolint.yaml"),
            lambda specimen: add(specimen.path / DOCKERFILE, "RUN cd /tmp"),
            "DL3003",
        ),
        Linter(
            "checkov",
            images,
            lambda some: checkov(some, tools, work),
            lambda specimen: edit(specimen.path / DOCKERFILE, "\nHEALTHCHECK", "\n# "),
            "CKV_DOCKER_2",
        ),
        Linter(
            "shellcheck",
            entrypoints,
            lambda some: shellcheck(some, tools),
            lambda specimen: add(specimen.path / ENTRYPOINT, "echo $1"),
            "SC2086",
        ),
        Linter(
            "nginx -t",
            proxies,
            lambda some: nginx_test(some, nginx),
            lambda specimen: edit(specimen.path / NGINX, "sendfile on;", "sendfile perhaps;"),
            'invalid value "perhaps"',
        ),
        Linter(
            "gixy",
            proxies,
            lambda some: gixy(some, tools),
            lambda specimen: edit(
                specimen.path / NGINX, "Host $host$is_request_port$request_port", "Host $http_host"
            ),
            "host_spoofing",
        ),
    ]


def stages(output: Output) -> list[tuple[str, str]]:
    """Base and name of every stage of a Dockerfile."""
    found = STAGE.finditer((output.path / DOCKERFILE).read_text())
    return [(match[1], match[2]) for match in found]


def image_of(output: Output, wanted: str) -> str:
    for image, stage in stages(output):
        if stage == wanted:
            return image
    raise ToolError(f"{output.name} has no stage {wanted}")


def stage_lines(output: Output, stage: str) -> str:
    """A stage without those before and after it; empty where there is none."""
    text = (output.path / DOCKERFILE).read_text()
    found = re.search(rf"^FROM \S+ AS {stage}\n(?:(?!FROM ).*\n)*", text, re.MULTILINE)
    return found[0] if found else ""


def build_check(outputs: Sequence[Output], base: str, plan: Path) -> Findings:
    """Every stage of every Dockerfile, many in one call."""
    targets: dict[str, dict[str, object]] = {}
    owners: dict[str, Output] = {}
    for number, output in enumerate(outputs):
        found = stages(output)
        # Without a registry there is one Python image, which stands in for the others:
        # the checks read the Dockerfile and no more of an image than its environment.
        others = {
            image: f"docker-image://{base}"
            for image, _ in found
            if image.startswith("python:") and image != base
        }
        # Nor is there one behind a made-up registry.
        others |= {
            image: f"docker-image://{image.removeprefix(REGISTRY + '/')}"
            for image, _ in found
            if image.startswith(REGISTRY)
        }
        for _, stage in found:
            target = f"o{number}-{stage}"
            owners[target] = output
            targets[target] = {"context": str(output.path), "target": stage, "contexts": others}
    plan.write_text(json.dumps({"target": targets}))
    findings: Findings = {output.name: [] for output in outputs}
    names = list(targets)
    for first in range(0, len(names), AT_ONCE):
        some = names[first : first + AT_ONCE]
        done = run(
            "docker", "buildx", "bake", "--progress", "quiet", "--call", "check,format=json",
            "--allow", f"fs.read={plan.parent}", "--file", plan, *some,
        )  # fmt: skip
        checked = read_json(done)["target"]
        for target in some:
            result = checked[target]["check"]
            said = [f"{found['ruleName']}: {found['detail']}" for found in result["warnings"] or []]
            if not said and result.get("error"):
                said = [result["error"].strip()]
            findings[owners[target].name] += [f"{DOCKERFILE}: {line}" for line in said]
    return {name: sorted(set(lines)) for name, lines in findings.items()}


def hadolint(outputs: Sequence[Output], tools: Path, settings: Path) -> Findings:
    """All rules. DL3057 is off by default because it also wants health checks in stages
    that only build."""
    settings.write_text("ignored: []\n")
    by_path = {str(output.path / DOCKERFILE): output for output in outputs}
    done = run(
        tools / "hadolint", "--config", settings, "--style", "DL3057", "--format", "json", *by_path
    )
    findings: Findings = {output.name: [] for output in outputs}
    for found in read_json(done):
        output = by_path[found["file"]]
        if found["code"] == "DL3057" and not _serving_stage(output, found["line"]):
            continue
        findings[output.name].append(
            f"{DOCKERFILE}:{found['line']}: {found['code']}: {found['message']}"
        )
    return findings


def _serving_stage(output: Output, line: int) -> bool:
    text = (output.path / DOCKERFILE).read_text().splitlines()[line - 1]
    return any(text.endswith(f" AS {stage}") for stage in SERVING)


def checkov(outputs: Sequence[Output], tools: Path, work: Path) -> Findings:
    """The whole file, then each serving stage by itself: a user or a health check in one
    stage would do for all of them."""
    by_path = {str(output.path / DOCKERFILE): output for output in outputs}
    for number, output in enumerate(outputs):
        for stage in SERVING:
            lines = stage_lines(output, stage)
            if lines:
                alone = work / "stages" / f"{number}-{stage}" / DOCKERFILE
                alone.parent.mkdir(parents=True)
                alone.write_text(lines)
                by_path[str(alone)] = output
    done = run(
        tools / "checkov", "--framework", "dockerfile", "--skip-download", "--compact",
        "--output", "json", "--file", *by_path,
    )  # fmt: skip
    results = read_json(done)["results"]
    if results["parsing_errors"]:
        raise ToolError(f"cannot parse {results['parsing_errors']}")
    checks = [*results["passed_checks"], *results["failed_checks"], *results["skipped_checks"]]
    unseen = by_path.keys() - {check["file_abs_path"] for check in checks}
    if unseen:
        raise ToolError(f"no verdict on {sorted(unseen)[:3]}")
    findings: Findings = {output.name: [] for output in outputs}
    for check in [*results["failed_checks"], *results["skipped_checks"]]:
        path = Path(check["file_abs_path"])
        output = by_path[str(path)]
        stage = "" if path.parent == output.path else f" ({path.parent.name.split('-')[1]})"
        findings[output.name].append(
            f"{DOCKERFILE}{stage}: {check['check_id']}: {check['check_name']}"
        )
    return findings


def shellcheck(outputs: Sequence[Output], tools: Path) -> Findings:
    by_path = {str(output.path / ENTRYPOINT): output for output in outputs}
    done = run(tools / "shellcheck", "--norc", "--format", "json", *by_path)
    findings: Findings = {output.name: [] for output in outputs}
    for found in read_json(done):
        findings[by_path[found["file"]].name].append(
            f"{ENTRYPOINT}:{found['line']}: SC{found['code']}: {found['message']}"
        )
    return findings


def nginx_test(outputs: Sequence[Output], image: str) -> Findings:
    """By the nginx that the file is for, as the user that will run it, without a network."""
    mounts = []
    for number, output in enumerate(outputs):
        mounts += ["--volume", f"{output.path / NGINX}:/lint/{number}/nginx.conf:ro"]
    done = run(
        "docker", "run", "--rm", "--network", "none", "--read-only",
        "--tmpfs", "/tmp",  # noqa: S108 (the container's own)
        "--user", "101:101", *mounts, "--entrypoint", "sh", image, "-c",
        'for file in /lint/*/nginx.conf; do echo "== $file"; nginx -t -c "$file" 2>&1; done; true',
        verdicts=[0],
    )  # fmt: skip
    findings: Findings = {}
    for said in done.stdout.split("== /lint/")[1:]:
        index, _, lines = said.partition("/nginx.conf\n")
        problems = re.findall(r"\[(?:notice|warn|error|crit|alert|emerg)\] [\d#]+: (.*)", lines)
        if not problems and "test is successful" not in lines:
            problems = [lines.strip() or "said nothing"]
        place = f"/lint/{index}/nginx.conf"
        findings[outputs[int(index)].name] = [
            f"{NGINX}: {problem.replace(place, NGINX)}" for problem in problems
        ]
    return findings


def gixy(outputs: Sequence[Output], tools: Path) -> Findings:
    by_path = {str(output.path / NGINX): output for output in outputs}
    done = run(tools / "gixy", "--format", "json", *by_path)
    findings: Findings = {output.name: [] for output in outputs}
    for found in read_json(done):
        findings[by_path[found["path"]].name].append(
            f"{NGINX}:{found.get('line')}: {found['plugin']}: {found['summary']} {found['reason']}"
        )
    return findings
