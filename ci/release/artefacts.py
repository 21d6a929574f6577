#!/usr/bin/env python3
"""Makes of the wheels of a release everything else that it has.

    artefacts.py assets DIST OUT --repository URL
    artefacts.py image DIST OUT

Takes: DIST with the wheels of ci/release/wheel.sh, and for `assets` the source distribution as well; Python alone.
Gives, of `assets`, into OUT:

- the wheels and the source as they are
- an archive per wheel, dockwright-TARGET.tar.gz (.zip for Windows), with binary, licences, manual pages, completions
- dockwright.cdx.json, the SBOM (CycloneDX) of the crates
- install.sh and dockwright.rb, which name this release at URL
- SHA256SUMS over all of these

and of `image` a directory per architecture with the files of the container image, for ci/release/Dockerfile.
The same wheels give the same bytes.
"""

import argparse
import gzip
import hashlib
import io
import json
import re
import shutil
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

# What stands in a wheel's name, and Rust's name of it.
TARGETS = {
    r"manylinux_\d+_\d+_x86_64": "x86_64-unknown-linux-gnu",
    r"manylinux_\d+_\d+_aarch64": "aarch64-unknown-linux-gnu",
    r"musllinux_\d+_\d+_x86_64": "x86_64-unknown-linux-musl",
    r"musllinux_\d+_\d+_aarch64": "aarch64-unknown-linux-musl",
    r"macosx_\d+_\d+_x86_64": "x86_64-apple-darwin",
    r"macosx_\d+_\d+_arm64": "aarch64-apple-darwin",
    r"win_amd64": "x86_64-pc-windows-msvc",
    r"win_arm64": "aarch64-pc-windows-msvc",
}
IMAGES = {"amd64": "x86_64-unknown-linux-musl", "arm64": "aarch64-unknown-linux-musl"}
# Zip knows no earlier day.
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass
class Wheel:
    """What a release takes out of one wheel."""

    path: Path
    target: str
    # As they lie in an archive: path below its directory, bytes.
    files: dict[str, bytes]
    sbom: bytes


def target_of(name: str) -> str:
    tag = name.removesuffix(".whl").split("-")[-1]
    found = {target for pattern, target in TARGETS.items() if re.search(pattern, tag)}
    if len(found) != 1:
        sys.exit(f"artefacts: {name} is for no target that a release has: {', '.join(TARGETS.values())}")
    return found.pop()


def read(path: Path) -> Wheel:
    """Reads a wheel; one that lacks a part ends the program."""
    moves = [
        (r"\.data/scripts/(dockwright(?:\.exe)?)$", r"\1"),
        (r"\.dist-info/licenses/(LICENSE-[A-Z]+)$", r"\1"),
        (r"/share/man/man1/([a-z-]+\.1)$", r"man/\1"),
        (r"/share/bash-completion/completions/dockwright$", "completions/dockwright.bash"),
        (r"/share/zsh/site-functions/(_dockwright)$", r"completions/\1"),
        (r"/share/fish/vendor_completions\.d/(dockwright\.fish)$", r"completions/\1"),
    ]
    files, sbom, done = {}, b"", set()
    with zipfile.ZipFile(path) as wheel:
        for name in wheel.namelist():
            if name.endswith("/sboms/dockwright.cyclonedx.json"):
                sbom = wheel.read(name)
            for pattern, into in moves:
                if found := re.search(pattern, name):
                    files[found.expand(into)] = wheel.read(name)
                    done.add(pattern)
    missing = [pattern for pattern, _ in moves if pattern not in done] + ([] if sbom else ["the SBOM"])
    if missing:
        sys.exit(f"artefacts: {path.name} has nothing that is {', '.join(missing)}")
    return Wheel(path, target_of(path.name), files, sbom)


def wheels(dist: Path) -> dict[str, Wheel]:
    """The wheels by target, of one version."""
    read_all = [read(path) for path in sorted(dist.glob("*.whl"))]
    by_target = {wheel.target: wheel for wheel in read_all}
    if len(by_target) != len(read_all):
        sys.exit(f"artefacts: two wheels in {dist} are for the same target")
    versions = {wheel.path.name.split("-")[1] for wheel in read_all}
    if len(versions) != 1:
        sys.exit(f"artefacts: the wheels in {dist} are of {len(versions)} versions: {', '.join(sorted(versions))}")
    return by_target


def is_executable(name: str) -> bool:
    return name.split(".")[0] == "dockwright"


def archive(wheel: Wheel, out: Path) -> str:
    """Writes the archive of a wheel, and gives its name."""
    top = f"dockwright-{wheel.target}"
    files = sorted(wheel.files.items())
    if "windows" in wheel.target:
        with zipfile.ZipFile(out / f"{top}.zip", "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in files:
                made.writestr(zipfile.ZipInfo(f"{top}/{name}", EPOCH), data, zipfile.ZIP_DEFLATED)
        return f"{top}.zip"
    with (
        (out / f"{top}.tar.gz").open("wb") as file,
        # Neither name nor time in its head.
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(mode="w", fileobj=packed, format=tarfile.USTAR_FORMAT) as made,
    ):
        for name, data in files:
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size, entry.mode = len(data), 0o755 if is_executable(name) else 0o644
            made.addfile(entry, io.BytesIO(data))
    return f"{top}.tar.gz"


def filled(template: Path, values: dict[str, str]) -> str:
    """A template with a value for each `@NAME@`."""
    text = template.read_text(encoding="utf-8")
    wanted = set(re.findall(r"@([A-Z0-9_]+)@", text))
    if missing := wanted - set(values):
        sys.exit(f"artefacts: {template.name} wants {', '.join(sorted(missing))}, which this release does not have")
    return re.sub(r"@([A-Z0-9_]+)@", lambda found: values[found[1]], text)


def assets(dist: Path, out: Path, repository: str) -> None:
    found = wheels(dist)
    if missing := sorted(set(TARGETS.values()) - set(found)):
        sys.exit(f"artefacts: {dist} has no wheel for {', '.join(missing)}")
    version = next(iter(found.values())).path.name.split("-")[1]
    sources = list(dist.glob("*.tar.gz"))
    if [path.name for path in sources] != [f"dockwright-{version}.tar.gz"]:
        sys.exit(f"artefacts: {dist} should have dockwright-{version}.tar.gz as its only source")

    out.mkdir(parents=True)
    for path in [*sources, *(wheel.path for wheel in found.values())]:
        shutil.copy(path, out)
    archives = {target: archive(wheel, out) for target, wheel in found.items()}
    # Crates of every platform are in each wheel's list, so one stands for all of them.
    sbom = found["x86_64-unknown-linux-gnu"].sbom
    json.loads(sbom)
    (out / "dockwright.cdx.json").write_bytes(sbom)

    values = {
        "VERSION": version,
        "REPOSITORY": repository,
        "DOWNLOADS": f"{repository}/releases/download/v{version}",
    }
    for target, name in archives.items():
        values[f"SHA256_{target.replace('-', '_').upper()}"] = digest(out / name)
    (out / "dockwright.rb").write_text(filled(HERE / "dockwright.rb.in", values), encoding="utf-8")
    (out / "install.sh").write_text(filled(HERE / "install.sh", values), encoding="utf-8")

    names = sorted(path.name for path in out.iterdir())
    sums = "".join(f"{digest(out / name)}  {name}\n" for name in names)
    (out / "SHA256SUMS").write_text(sums, encoding="utf-8")
    print(sums, end="")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def image(dist: Path, out: Path) -> None:
    found = wheels(dist)
    # A Docker engine builds for what it is on: of one architecture alone, there is the one image.
    for architecture, target in IMAGES.items():
        if target not in found:
            print(f"artefacts: no image for {architecture}: {dist} has no wheel for {target}", file=sys.stderr)
            continue
        top = out / architecture
        for name, data in found[target].files.items():
            if name == "dockwright" or name.startswith("LICENSE"):
                path = top / ("usr/local/bin" if name == "dockwright" else "usr/share/licenses/dockwright") / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                path.chmod(0o755 if is_executable(name) else 0o644)
    if not out.exists():
        sys.exit(f"artefacts: {dist} has no wheel that an image is made of: {', '.join(IMAGES.values())}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("assets", "image"):
        command = commands.add_parser(name)
        command.add_argument("dist", type=Path)
        command.add_argument("out", type=Path)
        if name == "assets":
            command.add_argument("--repository", required=True, help="where its releases are, without a slash at its end")
    arguments = parser.parse_args()
    if arguments.out.exists():
        sys.exit(f"artefacts: {arguments.out} is there already")
    if arguments.command == "assets":
        assets(arguments.dist, arguments.out, arguments.repository)
    else:
        image(arguments.dist, arguments.out)


if __name__ == "__main__":
    main()
