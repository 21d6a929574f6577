"""A host of repositories on the loopback: the parts of GitHub's and GitLab's interface that
`ci/update-request.sh` uses, over a bare repository.

    host.py DIRECTORY

Prints its port. `DIRECTORY/acme/shop.git` is the repository. Every request is a line of
`DIRECTORY/requests.jsonl`, without the token; pull requests survive in memory alone.
`POST /test/N/merge`, `/test/N/close` and `/test/drafts/off` are what people do.
"""

import json
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TOP = Path(sys.argv[1])
REPOSITORY = TOP / "acme/shop.git"
TOKEN = "the-token"
REQUESTS: list[dict] = []
SETTINGS = {"drafts": True}


def git(*arguments: str) -> str:
    command = ["git", "-C", str(REPOSITORY), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def follow_branches() -> None:
    """An open request follows its branch, and ends with it."""
    for request in REQUESTS:
        if request["state"] == "open":
            commit = git("rev-parse", "--verify", "--quiet", f"refs/heads/{request['head']}")
            request["state"] = "open" if commit else "closed"
            request["commit"] = commit or request["commit"]


def shown(request: dict, host: str) -> dict:
    url = f"http://host/{request['number']}"
    if host == "github":
        return {
            "number": request["number"],
            "state": "closed" if request["state"] == "merged" else request["state"],
            "merged_at": "2030-01-01T00:00:00Z" if request["state"] == "merged" else None,
            "head": {"ref": request["head"], "sha": request["commit"]},
            "draft": request["draft"],
            "title": request["title"],
            "body": request["body"],
            "html_url": url,
        }
    return {
        "id": 1000 + request["number"],
        "iid": request["number"],
        "state": {"open": "opened"}.get(request["state"], request["state"]),
        "merged_at": "2030-01-01T00:00:00Z" if request["state"] == "merged" else None,
        "sha": request["commit"],
        "draft": request["title"].startswith("Draft: "),
        "title": request["title"],
        "description": request["body"],
        "web_url": url,
    }


class Host(BaseHTTPRequestHandler):
    def answer(self, status: int, value: object) -> None:
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def read(self) -> dict:
        length = int(self.headers.get("Content-Length") or 0)
        return json.loads(self.rfile.read(length) or b"{}")

    def handle_one(self) -> None:
        follow_branches()
        at = urlsplit(self.path)
        body = self.read()
        if people := re.fullmatch(r"/test/(\w+)/(\w+)", at.path):
            return self.people(*people.groups())
        with (TOP / "requests.jsonl").open("a") as log:
            log.write(json.dumps({"method": self.command, "path": self.path, "body": body}) + "\n")
        github = re.fullmatch(r"/github/repos/acme/shop/pulls(?:/(\d+))?", at.path)
        gitlab = re.fullmatch(r"/gitlab/projects/7/merge_requests(?:/(\d+))?", at.path)
        if not (found := github or gitlab):
            return self.answer(404, {"message": "Not Found"})
        host = "github" if github else "gitlab"
        allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if host == "gitlab":
            allowed = self.headers.get("PRIVATE-TOKEN") == TOKEN
        if not allowed:
            return self.answer(401, {"message": "Bad credentials"})
        if self.command == "GET":
            return self.list(host, parse_qs(at.query))
        if self.command == "POST":
            return self.open(host, body)
        number = int(found.group(1))
        return self.change(host, next(r for r in REQUESTS if r["number"] == number), body)

    def list(self, host: str, query: dict[str, list[str]]) -> None:
        branch = query["head"][0].removeprefix("acme:") if host == "github" else query["source_branch"][0]
        assert query["state"] == ["all"]
        found = [r for r in reversed(REQUESTS) if r["head"] == branch]
        self.answer(200, [shown(request, host) for request in found])

    def open(self, host: str, body: dict) -> None:
        head = body["head"] if host == "github" else body["source_branch"]
        base = body["base"] if host == "github" else body["target_branch"]
        commit = git("rev-parse", "--verify", "--quiet", f"refs/heads/{head}")
        again = any(r["state"] == "open" and r["head"] == head for r in REQUESTS)
        if again or not commit or base != "main":
            return self.answer(422 if host == "github" else 409, {"message": "Validation Failed"})
        if body.get("draft") and not SETTINGS["drafts"]:
            return self.answer(422, {"message": "Draft pull requests are not supported"})
        request = {
            "number": len(REQUESTS) + 1,
            "state": "open",
            "head": head,
            "commit": commit,
            "draft": body.get("draft", False),
            "title": body["title"],
            "body": body["body" if host == "github" else "description"],
        }
        REQUESTS.append(request)
        return self.answer(201, shown(request, host))

    def change(self, host: str, request: dict, body: dict) -> None:
        known = {"github": ("PATCH", "body"), "gitlab": ("PUT", "description")}[host]
        assert self.command == known[0], self.command
        request["title"] = body.get("title", request["title"])
        request["body"] = body.get(known[1], request["body"])
        if body.get("state") == "closed" or body.get("state_event") == "close":
            request["state"] = "closed"
        self.answer(200, shown(request, host))

    def people(self, number: str, what: str) -> None:
        if number == "drafts":
            SETTINGS["drafts"] = what == "on"
        else:
            request = REQUESTS[int(number) - 1]
            request["state"] = {"merge": "merged", "close": "closed"}[what]
        self.answer(200, {})

    do_GET = do_POST = do_PATCH = do_PUT = handle_one

    def log_message(self, *_: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", 0), Host)
print(server.server_port, flush=True)
server.serve_forever()
