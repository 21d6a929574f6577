#!/usr/bin/env python3
"""Tests of refresh.py and refresh-request.sh: `python3 tests/tools/test_refresh.py`.

Sources and the code host are servers and programs of this machine; nothing else is asked.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import refresh

TAGS = {
    "python": ["3.14-slim-trixie", "3.15-slim-trixie", "3.6-slim-bullseye", "3.7-slim-bookworm", "3.8-slim-bookworm"],
    "postgres": ["18-trixie", "19-trixie", "20beta1-trixie", "18.9-trixie"],
    "redis": ["8-trixie"],
    "nginx": ["1.30-trixie", "1.31-trixie", "1.32-trixie"],
    "node": ["24-slim", "25-slim"],
}


class Sources(http.server.BaseHTTPRequestHandler):
    """A list of tags, a page at a time, and Python's schedule."""

    tags = TAGS
    cycle: dict[str, dict[str, str]] = {}

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/cycle.json":
            return self.answer(self.cycle)
        found = self.tags.get(path.split("/")[-2], [])
        half = len(found) // 2
        if "page=2" in query:
            return self.answer({"results": [{"name": own} for own in found[half:]], "next": None})
        after = f"http://{self.headers['Host']}{path}?page=2"
        return self.answer({"results": [{"name": own} for own in found[:half]], "next": after})

    def answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class Tables(unittest.TestCase):
    def setUp(self) -> None:
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sources)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        address = f"http://127.0.0.1:{self.server.server_port}"
        refresh.HUB, refresh.CYCLE = address, f"{address}/cycle.json"
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for folder in refresh.TABLES:
            shutil.copytree(refresh.TOP / folder, self.top / folder)
        self.path = self.top / refresh.VERSIONS
        data = tomllib.loads(self.path.read_text())
        released = data["python-released"]
        Sources.cycle = {
            minor: {"status": "security", "first_release": released.get(minor, "2009-01-01"), "end_of_life": f"{ends}-07"}
            for minor, ends in data["python-end-of-life"].items()
        }
        Sources.tags = dict(TAGS)

    def part(self, name: str) -> refresh.Outcome:
        return refresh.refresh([own for own in refresh.PARTS if own.name == name], self.top)[0]

    def test_every_tag_is_looked_for_and_a_higher_one_is_for_a_person(self) -> None:
        before = self.path.read_text()
        outcome = self.part("images")
        self.assertEqual(outcome.unasked, "")
        self.assertEqual(outcome.changed, [])
        self.assertEqual([own.split(" is there")[0] for own in outcome.offers],
                         ["nginx:1.30-trixie: 1.32-trixie", "postgres:18-trixie: 19-trixie"])
        self.assertEqual(outcome.day, refresh.today())
        # The day of its own part is all that is another one, comments included.
        after = self.path.read_text()
        lines = [(old, new) for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
        self.assertTrue(all(new == f"images = {refresh.today()}" for _, new in lines), lines)

    def test_a_tag_that_is_gone_leaves_the_day_as_it_is(self) -> None:
        Sources.tags["redis"] = ["7-trixie"]
        before = self.path.read_text()
        outcome = self.part("images")
        self.assertIn("redis:8-trixie is not among the tags", outcome.unasked)
        self.assertEqual(self.path.read_text(), before)
        self.assertIn("images: not asked, as read on ", refresh.report([outcome]))

    def test_the_schedule_of_python_is_taken_and_a_new_minor_is_for_a_person(self) -> None:
        Sources.cycle["3.14"]["end_of_life"] = "2030-11"
        Sources.cycle["3.99"] = {"status": "bugfix", "first_release": "2110-10-01", "end_of_life": "2115-10"}
        outcome = self.part("python")
        self.assertEqual(outcome.changed, ["python-end-of-life.3.14 2030-10 -> 2030-11"])
        self.assertEqual(len(outcome.offers), 1)
        self.assertIn("3.99", outcome.offers[0])

    def test_a_source_that_does_not_answer_is_said_and_changes_nothing(self) -> None:
        refresh.HUB = refresh.CYCLE = "http://127.0.0.1:9"
        before = self.path.read_text()
        for name in ("images", "python"):
            outcome = self.part(name)
            self.assertIn("127.0.0.1:9", outcome.unasked)
            self.assertEqual(outcome.day, tomllib.loads(before)["read"][name].isoformat())
        self.assertEqual(self.path.read_text(), before)

    def test_a_generator_that_fails_with_half_of_its_table_written_leaves_the_old_one(self) -> None:
        file = "src/detect/data/wheels.toml"
        part = refresh.Part("wheels", file, refresh.script("half.py"))
        tools = self.top / "tests/tools"
        tools.mkdir(parents=True)
        table = self.top / file
        (tools / "half.py").write_text(f"open({str(table)!r}, 'w').write('read = 2027-01-01\\n'); raise SystemExit('no wheel')")
        before = table.read_text()
        outcome = refresh.refresh([part], self.top)[0]
        self.assertIn("no wheel", outcome.unasked)
        self.assertEqual(table.read_text(), before)

    def test_what_changed_is_named_once_for_all_pythons(self) -> None:
        before = {"django on 3.13": "6.1.3", "django on 3.14": "6.1.3", "idna on 3.14": "3.1"}
        after = {"django on 3.13": "6.1.4", "django on 3.14": "6.1.4", "ruff on 3.14": "1"}
        self.assertEqual(refresh.compared(before, after, ""), [
            "django 6.1.3 -> 6.1.4", "idna 3.1 -> (gone) (Python 3.14)", "ruff (none) -> 1 (Python 3.14)"])


class Request(unittest.TestCase):
    """refresh-request.sh on a host of this machine."""

    def setUp(self) -> None:
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.git(self.top, "init", "--quiet", "--bare", "--initial-branch=main", "host/acme/tool.git")
        self.host = self.top / "host/acme/tool"
        (self.top / "host/acme/tool.git").rename(self.host)
        self.git(self.top, "clone", "--quiet", str(self.host), "work")
        self.work = self.top / "work"
        (self.work / "table.toml").write_text("read = 2026-11-20\n")
        self.commit("one", "person@example.com")
        self.git(self.work, "push", "--quiet", "origin", "HEAD:refs/heads/main")
        tools = self.top / "tools"
        tools.mkdir()
        (tools / "gh").write_text(
            '#!/bin/sh\nif [ "$2" = list ]; then cat "$(dirname "$0")/open"; exit; fi\n'
            'echo "$*" >>"$(dirname "$0")/log"\n'
            'while [ $# -gt 0 ]; do if [ "$1" = --body-file ]; then cat "$2" >>"$(dirname "$0")/log"; fi; shift; done\n'
        )
        (tools / "gh").chmod(0o755)
        (tools / "open").write_text("")
        self.tools = tools

    def git(self, where: Path, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=where, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, message: str, email: str) -> None:
        self.git(self.work, "add", "--all")
        self.git(self.work, "-c", "user.name=x", "-c", f"user.email={email}", "commit", "--quiet", "-m", message)

    def ask(self, day: str, tests: str = "success") -> tuple[str, str]:
        """What gh was asked for, and what the script said."""
        self.git(self.work, "checkout", "--quiet", "--force", "--detach", "origin/main")
        (self.work / "table.toml").write_text(f"read = {day}\n")
        changed = self.top / "changed"
        changed.mkdir(exist_ok=True)
        patch = subprocess.run(["git", "diff", "--binary"], cwd=self.work, check=True, capture_output=True).stdout
        (changed / "refresh.patch").write_bytes(patch)
        (changed / "summary.md").write_text(f"- packages: read on {day}\n")
        self.git(self.work, "checkout", "--quiet", "--force", "--detach", "origin/main")
        log = self.tools / "log"
        log.unlink(missing_ok=True)
        environment = os.environ | {
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "GITHUB_SERVER_URL": f"file://{self.top}/host",
            "GITHUB_REPOSITORY": "acme/tool",
            "GITHUB_REF_NAME": "main",
            "GH_TOKEN": "t0ken",
            "TESTS": tests,
        }
        script = Path(__file__).parent / "refresh-request.sh"
        done = subprocess.run([script, changed], cwd=self.work, env=environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("t0ken", done.stderr + done.stdout)
        return (log.read_text() if log.exists() else "", done.stderr)

    def branch(self) -> str:
        return self.git(self.host, "show", "refs/heads/refresh/tables:table.toml")

    def test_one_request_is_opened_and_then_refreshed(self) -> None:
        asked, _ = self.ask("2026-12-01")
        self.assertIn("pr create --repo acme/tool --head refresh/tables --base main", asked)
        self.assertNotIn("--draft", asked)
        self.assertIn("read on 2026-12-01", asked)
        self.assertEqual(self.branch(), "read = 2026-12-01")
        (self.tools / "open").write_text("7\n")
        asked, _ = self.ask("2026-12-08")
        self.assertIn("pr edit 7 ", asked)
        self.assertEqual(self.branch(), "read = 2026-12-08")
        self.assertEqual(self.git(self.host, "rev-list", "--count", "main..refresh/tables"), "1")

    def test_tests_that_fail_make_a_draft_that_says_so(self) -> None:
        asked, _ = self.ask("2026-12-01", tests="failure")
        self.assertIn("--draft", asked)
        self.assertIn("did not pass", asked)

    def test_commits_of_people_on_the_branch_are_left_alone(self) -> None:
        self.ask("2026-12-01")
        self.git(self.work, "fetch", "--quiet", "origin", "refs/heads/refresh/tables")
        self.git(self.work, "checkout", "--quiet", "--force", "FETCH_HEAD")
        (self.work / "mine.txt").write_text("mine\n")
        self.commit("mine", "person@example.com")
        self.git(self.work, "push", "--quiet", "origin", "HEAD:refs/heads/refresh/tables")
        asked, said = self.ask("2026-12-08")
        self.assertEqual(asked, "")
        self.assertIn("commits of somebody else", said)
        self.assertEqual(self.branch(), "read = 2026-12-01")


if __name__ == "__main__":
    unittest.main()
