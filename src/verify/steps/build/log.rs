//! What BuildKit prints with `--progress plain`: steps, which of them came from the
//! cache, and how long the others took.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

/// `#12 [web builder 3/4] RUN pip install …`.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^#([0-9]+) \[(.*?)\s*([0-9]+)/([0-9]+)\] (.*)$").expect("it is a pattern")
});
/// What installs packages, by what is typed.
static INSTALLS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:^|[\s;&|(/\x22'\[,])(?:",
        r"(?:apt-get|apt|apk|dnf|microdnf|yum)\s+(?:-\S+\s+)*(?:install|add)",
        r"|pip[0-9.]*\s+(?:-\S+\s+)*install",
        r"|uv\s+(?:-\S+\s+)*(?:pip\s+(?:install|sync)|sync|add)",
        r"|(?:poetry|pdm|pipenv)\s+(?:-\S+\s+)*(?:install|sync)",
        r"|(?:npm|pnpm)\s+(?:-\S+\s+)*(?:ci|install|i)\b|yarn\s+(?:install|--)",
        r"|(?:conda|mamba|micromamba)\s+(?:env\s+)?(?:install|update|create)",
        r")",
    ))
    .expect("it is a pattern")
});
/// Numbers of packages, as installers say them.
static COUNTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"Installed ([0-9]+) package|operations: ([0-9]+) install|([0-9]+) to add|added ([0-9]+) package|([0-9]+) newly installed",
    )
    .expect("it is a pattern")
});

/// A step of a build: an instruction of a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// The stage, with the service before it where several are built.
    pub stage: String,
    /// The instruction.
    pub instruction: String,
    /// Whether it came from the cache.
    pub is_cached: bool,
    /// Seconds that it took.
    pub seconds: f64,
    /// What it printed.
    pub output: Vec<String>,
}

impl Step {
    /// Its first words, for people.
    #[must_use]
    pub fn line(&self) -> String {
        let mut words = self.instruction.split_whitespace();
        let keyword = words.next().unwrap_or_default();
        let words = words.skip_while(|own| own.starts_with("--"));
        let line = std::iter::once(keyword).chain(words).collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(60) {
            Some((at, _)) => format!("{}…", &line[..at]),
            None => line,
        }
    }

    /// Whether it runs a program.
    #[must_use]
    pub fn is_run(&self) -> bool {
        self.instruction.starts_with("RUN")
    }

    /// Whether it installs packages.
    #[must_use]
    pub fn installs(&self) -> bool {
        self.is_run() && INSTALLS.is_match(&self.instruction)
    }

    /// How many packages it says that it has installed; `None` where it says nothing.
    #[must_use]
    pub fn packages(&self) -> Option<usize> {
        let mut sum = None;
        for line in &self.output {
            let found = match line.find("Successfully installed ") {
                Some(at) => line[at..].split_whitespace().count().checked_sub(2),
                None => COUNTS.captures(line).and_then(|all| {
                    all.iter().skip(1).flatten().next().and_then(|own| own.as_str().parse().ok())
                }),
            };
            if let Some(found) = found {
                sum = Some(sum.unwrap_or(0) + found);
            }
        }
        sum
    }

    /// The stage without the service.
    fn bare(&self) -> &str {
        self.stage.rsplit(' ').next().unwrap_or_default()
    }
}

/// A build.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// In the order in which they were numbered.
    pub steps: Vec<Step>,
}

impl Log {
    /// The steps that did not come from the cache, without those that fetch a base.
    pub fn again(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|own| !own.is_cached)
    }

    /// The step that took longest.
    #[must_use]
    pub fn slowest(&self) -> Option<&Step> {
        self.steps.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds))
    }

    /// The steps that ran again and installed packages which were there before. One
    /// that follows another of its stage may add the project itself, and no more.
    pub fn reinstalled(&self) -> impl Iterator<Item = &Step> {
        self.again().filter(|own| own.installs()).filter(|own| match own.packages() {
            Some(count) => count > 1,
            None => !self
                .steps
                .iter()
                .any(|other| other.is_cached && other.installs() && other.bare() == own.bare()),
        })
    }
}

/// Reads what was printed.
#[must_use]
pub fn read(text: &str) -> Log {
    let mut steps: BTreeMap<u32, Step> = BTreeMap::new();
    for line in text.lines() {
        if let Some(title) = TITLE.captures(line) {
            let Ok(number) = title[1].parse() else { continue };
            let instruction = title[5].to_owned();
            // What a stage starts from is fetched, not run.
            if !instruction.starts_with("FROM ") {
                let step = steps.entry(number).or_default();
                step.stage = title[2].to_owned();
                step.instruction = instruction;
            }
            continue;
        }
        let Some((number, rest)) = line.strip_prefix('#').and_then(|own| own.split_once(' '))
        else {
            continue;
        };
        let Some(step) = number.parse().ok().and_then(|number| steps.get_mut(&number)) else {
            continue;
        };
        match rest.split_once(' ') {
            _ if rest == "CACHED" => step.is_cached = true,
            Some(("DONE", time)) => {
                step.seconds = time.trim_end_matches('s').parse().unwrap_or_default();
            }
            _ => step.output.push(rest.to_owned()),
        }
    }
    Log { steps: steps.into_values().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILD: &str = "\
#5 [web internal] load build context
#5 DONE 0.0s

#8 [nginx builder 1/4] FROM docker.io/library/python:3.14-slim-trixie
#8 DONE 0.0s

#13 [web builder 4/4] RUN --mount=type=cache,target=/root/.cache/uv     uv venv /opt/venv &&     uv pip install --require-hashes --requirement requirements.txt
#13 CACHED

#14 [nginx code 1/2] COPY . .
#14 DONE 0.1s

#16 [2/3] RUN pip install --no-cache-dir -r requirements.txt
#16 0.869 Collecting fastapi
#16 ...

#16 [2/3] RUN pip install --no-cache-dir -r requirements.txt
#16 2.1 Successfully installed fastapi-1.0 starlette-2.0
#16 DONE 3.5s

#17 [web builder 5/5] RUN uv sync --frozen --quiet
#17 DONE 1.0s
";

    #[test]
    fn steps_that_ran_again_are_told_from_cached_ones() {
        let log = read(BUILD);
        assert_eq!(log.steps.len(), 4);
        let again: Vec<String> = log.again().map(Step::line).collect();
        assert_eq!(
            again,
            [
                "COPY . .",
                "RUN pip install --no-cache-dir -r requirements.txt",
                "RUN uv sync --frozen --quiet"
            ]
        );
        assert_eq!(log.slowest().map(|own| own.seconds), Some(3.5));
    }

    #[test]
    fn packages_that_are_installed_again_are_no_project_that_is_added() {
        let log = read(BUILD);
        let found: Vec<&str> = log.reinstalled().map(|own| own.instruction.as_str()).collect();
        assert_eq!(found, ["RUN pip install --no-cache-dir -r requirements.txt"]);
        let alone = read(&BUILD.replace("#13 CACHED", "#13 DONE 9.0s"));
        assert_eq!(alone.reinstalled().count(), 3, "no step before it was cached");
    }

    #[test]
    fn installers_are_known_by_what_is_typed() {
        for line in [
            "RUN apt-get update && apt-get install -y --no-install-recommends gcc",
            "RUN python -m pip install .",
            "RUN /root/.local/bin/poetry install --no-root",
            "RUN npm ci",
            "RUN apk add --no-cache git",
        ] {
            assert!(Step { instruction: line.into(), ..Default::default() }.installs(), "{line}");
        }
        for line in ["RUN python manage.py collectstatic", "COPY pip install", "RUN install -d /x"]
        {
            assert!(!Step { instruction: line.into(), ..Default::default() }.installs(), "{line}");
        }
    }
}
