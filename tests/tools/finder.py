"""What the index of packages has, through pip's own finder: the index, the proxy and the
certificates are those pip is configured with. Nothing is downloaded or installed.

Python 3.11 or newer with pip runs what imports this.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from pip._internal.cli.cmdoptions import make_target_python
from pip._internal.commands import create_command
from pip._internal.index.collector import parse_links
from pip._internal.models.link import Link
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.version import Version


def today() -> str:
    """The day, as the tables have it."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


class Index:
    """The index that pip asks."""

    def __init__(self) -> None:
        self.command = create_command("download")
        options, _ = self.command.parse_args(["none"])
        self.session = self.command._build_session(options)

    def newest(self, package: str, python: str, versions: str = "") -> Version | None:
        """The newest stable release with a wheel that pip chooses on a Python; `None` for none."""
        arguments = ["--no-deps", "--only-binary", ":all:", "--python-version", python, package]
        options, _ = self.command.parse_args(arguments)
        finder = self.command._build_package_finder(
            options, self.session, target_python=make_target_python(options), ignore_requires_python=False
        )
        best = finder.find_best_candidate(package, SpecifierSet(versions)).best_candidate
        return best.version if best else None

    def links(self, package: str) -> list[Link]:
        """Every file of a package."""
        options, _ = self.command.parse_args(["none"])
        finder = self.command._build_package_finder(options, self.session)
        found: list[Link] = []
        for place in finder.search_scope.get_index_urls_locations(package):
            page = finder._link_collector.fetch_response(Link(place))
            found += list(parse_links(page)) if page else []
        return found


@contextmanager
def index() -> Iterator[Index]:
    own = Index()
    with own.command.main_context():
        yield own
