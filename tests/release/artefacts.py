#!/usr/bin/env python3
"""What ci/release/artefacts.py makes of wheels: of made-up ones for every target, and of the real one.

    tests/release/artefacts.py WHEEL STATIC IMAGE

Takes: the wheel of this machine, a static binary, and a directory that is not there yet. Gives: in IMAGE, what the
container image is made of, from the wheel with the static binary in it.
"""

import filecmp
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

ARTEFACTS = Path(__file__).resolve().parents[2] / "ci/release/artefacts.py"
REPOSITORY = "https://git.example.com/tools/dockwright"
TAGS = {
    "manylinux_2_17_x86_64.manylinux2014_x86_64": "x86_64-unknown-linux-gnu.tar.gz",
    "manylinux_2_17_aarch64.manylinux2014_aarch64": "aarch64-unknown-linux-gnu.tar.gz",
    "musllinux_1_2_x86_64": "x86_64-unknown-linux-musl.tar.gz",
    "musllinux_1_2_aarch64": "aarch64-unknown-linux-musl.tar.gz",
    "macosx_10_12_x86_64": "x86_64-apple-darwin.tar.gz",
    "macosx_11_0_arm64": "aarch64-apple-darwin.tar.gz",
    "win_amd64": "x86_64-pc-windows-msvc.zip",
    "win_arm64": "aarch64-pc-windows-msvc.zip",
}
INSIDE = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "completions/_dockwright",
    "completions/dockwright.bash",
    "completions/dockwright.fish",
    "man/dockwright-new.1",
    "man/dockwright.1",
]
# A formula of Homebrew without Homebrew: takes what it says, and installs what lies in the working directory.
BREW = """
class Formula
  def self.desc(text) = (abort "desc has #{text.size} characters" if text.size > 80)
  def self.homepage(text) = nil
  def self.version(text) = nil
  def self.license(text) = nil
  def self.url(text) = nil
  def self.sha256(text) = nil
  def self.test = nil
  %i[on_macos on_linux on_arm on_intel].each { |name| define_singleton_method(name) { |&block| block.call } }
  Into = Struct.new(:name) do
    def install(files)
      files = files.keys if files.is_a? Hash
      Array(files).each { |file| abort "#{file} is not there" unless File.file? file }
      abort "nothing for #{name}" if Array(files).empty?
      puts "#{name} #{Array(files).sort.join(' ')}"
    end
  end
  %i[bin man1 bash_completion zsh_completion fish_completion].each { |name| define_method(name) { Into.new(name) } }
end
load ARGV[0]
Dockwright.new.install
"""
SHARE = "dockwright-9.8.7.data/data/share"
INFO = "dockwright-9.8.7.dist-info"


def wheel(dist: Path, tag: str, without: str = "", version: str = "9.8.7") -> None:
    binary = "dockwright.exe" if tag.startswith("win") else "dockwright"
    names = [
        f"dockwright-9.8.7.data/scripts/{binary}",
        f"{INFO}/METADATA",
        f"{INFO}/licenses/LICENSE-MIT",
        f"{INFO}/licenses/LICENSE-APACHE",
        f"{SHARE}/man/man1/dockwright.1",
        f"{SHARE}/man/man1/dockwright-new.1",
        f"{SHARE}/bash-completion/completions/dockwright",
        f"{SHARE}/zsh/site-functions/_dockwright",
        f"{SHARE}/fish/vendor_completions.d/dockwright.fish",
    ]
    with zipfile.ZipFile(dist / f"dockwright-{version}-py3-none-{tag}.whl", "w") as made:
        for name in names:
            if not without or without not in name:
                made.writestr(name, f"{name} for {tag}")
        if without != "sboms":
            made.writestr(f"{INFO}/sboms/dockwright.cyclonedx.json", '{"bomFormat": "CycloneDX"}')


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ARTEFACTS), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Artefacts(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.top = Path(temporary.name)
        self.dist = self.top / "dist"
        self.dist.mkdir()
        for tag in TAGS:
            wheel(self.dist, tag)
        (self.dist / "dockwright-9.8.7.tar.gz").write_bytes(b"source")

    def assets(self, name: str = "out") -> Path:
        done = run("assets", self.dist, self.top / name, "--repository", REPOSITORY)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.top / name

    def refused(self, words: str) -> None:
        done = run("assets", self.dist, self.top / "out", "--repository", REPOSITORY)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(words, done.stderr)
        self.assertFalse((self.top / "out/SHA256SUMS").exists())

    def test_sums_are_of_every_file(self) -> None:
        out = self.assets()
        check = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=out, check=False)
        self.assertEqual(check.returncode, 0)
        named = {line.split("  ")[1] for line in (out / "SHA256SUMS").read_text().splitlines()}
        self.assertEqual(named | {"SHA256SUMS"}, {path.name for path in out.iterdir()})
        wanted = {f"dockwright-{name}" for name in TAGS.values()} | {path.name for path in self.dist.iterdir()}
        self.assertEqual(named, wanted | {"dockwright.cdx.json", "dockwright.rb", "install.sh"})

    def test_an_archive_has_what_the_wheel_of_its_target_has(self) -> None:
        out = self.assets()
        for tag, name in TAGS.items():
            top = f"dockwright-{name.split('.')[0]}"
            if name.endswith(".zip"):
                with zipfile.ZipFile(out / f"dockwright-{name}") as made:
                    names, binary = made.namelist(), made.read(f"{top}/dockwright.exe")
                self.assertEqual(names, [f"{top}/{one}" for one in sorted([*INSIDE, "dockwright.exe"])])
            else:
                with tarfile.open(out / f"dockwright-{name}") as made:
                    names = made.getnames()
                    modes = {entry.name: entry.mode for entry in made}
                    binary = made.extractfile(f"{top}/dockwright").read()
                self.assertEqual(names, [f"{top}/{one}" for one in sorted([*INSIDE, "dockwright"])])
                executable = {one for one, mode in modes.items() if mode & 0o111}
                self.assertEqual(executable, {f"{top}/dockwright"})
            self.assertIn(f"for {tag}", binary.decode())

    def test_the_formula_names_each_archive_with_its_sum(self) -> None:
        out = self.assets()
        formula = (out / "dockwright.rb").read_text()
        pairs = dict(re.findall(r'url "([^"]+)"\n +sha256 "([0-9a-f]{64})"', formula))
        self.assertEqual(len(pairs), 4)
        for address, checksum in pairs.items():
            base, name = address.rsplit("/", 1)
            self.assertEqual(base, f"{REPOSITORY}/releases/download/v9.8.7")
            self.assertEqual(checksum, sha256(out / name))
        # A system and a processor have the archive of theirs.
        for system, name in (("macos", "apple-darwin"), ("linux", "unknown-linux-gnu")):
            block = formula.split(f"on_{system} do")[1].split("\n  end")[0]
            arm, intel = block.split("on_intel do")
            self.assertIn(f"dockwright-aarch64-{name}.tar.gz", arm)
            self.assertIn(f"dockwright-x86_64-{name}.tar.gz", intel)
        self.assertIn('version "9.8.7"', formula)
        self.assertNotRegex(formula, "@[A-Z]")

    def test_the_formula_installs_all_that_the_archive_has(self) -> None:
        out = self.assets()
        for name in ("x86_64-apple-darwin", "aarch64-unknown-linux-gnu"):
            subprocess.run(["tar", "-xzf", str(out / f"dockwright-{name}.tar.gz"), "-C", str(self.top)], check=True)
            done = subprocess.run(
                ["ruby", "-w", "-e", BREW, str(out / "dockwright.rb")],
                cwd=self.top / f"dockwright-{name}",
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            taken = {word for line in done.stdout.splitlines() for word in line.split()[1:]}
            self.assertEqual(taken, set(INSIDE) - {"LICENSE-APACHE", "LICENSE-MIT"} | {"dockwright"})

    def test_the_installer_is_of_this_release(self) -> None:
        text = (self.assets() / "install.sh").read_text()
        self.assertIn(f"base=${{DOCKWRIGHT_DOWNLOAD_URL:-{REPOSITORY}/releases/download/v9.8.7}}", text)
        self.assertNotRegex(text, "@[A-Z]")

    def test_the_same_wheels_give_the_same_bytes(self) -> None:
        first, second = self.assets("first"), self.assets("second")
        names = [path.name for path in first.iterdir()]
        same, different, odd = filecmp.cmpfiles(first, second, names, shallow=False)
        self.assertEqual((sorted(same), different, odd), (sorted(names), [], []))

    def test_a_release_that_lacks_something_is_refused(self) -> None:
        (self.dist / "dockwright-9.8.7-py3-none-win_arm64.whl").unlink()
        self.refused("no wheel for aarch64-pc-windows-msvc")
        wheel(self.dist, "win_arm64", version="9.8.6")
        self.refused("of 2 versions: 9.8.6, 9.8.7")
        (self.dist / "dockwright-9.8.6-py3-none-win_arm64.whl").unlink()
        wheel(self.dist, "win_arm64", without="man1")
        self.refused("man/man1")
        wheel(self.dist, "win_arm64", without="sboms")
        self.refused("the SBOM")
        wheel(self.dist, "win_arm64")
        wheel(self.dist, "win32")
        self.refused("for no target that a release has")
        (self.dist / "dockwright-9.8.7-py3-none-win32.whl").unlink()
        (self.dist / "dockwright-9.8.7.tar.gz").unlink()
        self.refused("dockwright-9.8.7.tar.gz as its only source")

    def test_an_image_has_the_static_binary_of_its_processor(self) -> None:
        self.assertEqual(run("image", self.dist, self.top / "image").returncode, 0)
        for architecture, tag in (("amd64", "musllinux_1_2_x86_64"), ("arm64", "musllinux_1_2_aarch64")):
            binary = self.top / "image" / architecture / "usr/local/bin/dockwright"
            self.assertIn(f"for {tag}", binary.read_text())
            self.assertEqual(binary.stat().st_mode & 0o777, 0o755)
        for path in self.dist.glob("*musllinux*"):
            path.unlink()
        done = run("image", self.dist, self.top / "none")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no wheel that an image is made of", done.stderr)


def real(path: Path, static: Path, image: Path) -> None:
    """The image's files from the real wheel, as if it were one for musl."""
    with tempfile.TemporaryDirectory() as dist:
        tag = "musllinux_1_2_x86_64" if "x86_64" in path.name else "musllinux_1_2_aarch64"
        name = re.sub(r"-[^-]+\.whl$", f"-{tag}.whl", path.name)
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(Path(dist) / name, "w") as new:
            for entry in old.namelist():
                is_binary = entry.endswith(".data/scripts/dockwright")
                new.writestr(entry, static.read_bytes() if is_binary else old.read(entry))
        done = run("image", dist, image)
        if done.returncode != 0:
            sys.exit(done.stderr)


if __name__ == "__main__":
    real(*map(Path, sys.argv[1:]))
    unittest.main(argv=sys.argv[:1])
