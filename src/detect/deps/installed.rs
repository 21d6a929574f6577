//! How packages get installed: the facts that the image's install step needs.

use super::{Dependencies, Source};
use crate::detect::facts::Installs;

/// Packages whose exact version decides how they are installed or started.
const STARTED: [&str; 14] = [
    "celery",
    "daphne",
    "django",
    "fastapi",
    "flask",
    "granian",
    "gunicorn",
    "hypercorn",
    "litestar",
    "starlette",
    "torch",
    "uvicorn",
    "uvicorn-worker",
    "waitress",
];

/// What conda's channels have and an index of Python packages has not.
const CONDA_ONLY: [&str; 33] = [
    "blas",
    "bzip2",
    "c-compiler",
    "ca-certificates",
    "cmake",
    "compilers",
    "conda",
    "cpuonly",
    "cudatoolkit",
    "cxx-compiler",
    "ffmpeg",
    "gcc",
    "geos",
    "git",
    "icu",
    "make",
    "mamba",
    "mkl",
    "ncurses",
    "nodejs",
    "openblas",
    "openjdk",
    "openssl",
    "postgresql",
    "proj",
    "python-abi",
    "pytorch-cuda",
    "readline",
    "redis-server",
    "sqlite",
    "tk",
    "xz",
    "zlib",
];

impl Dependencies {
    /// The facts of the install step.
    #[must_use]
    pub fn install_facts(&self) -> Installs {
        let version = |name: &&str| Some(((*name).to_owned(), self.version(name)?.to_string()));
        let mut installs = Installs {
            hashed: self.hashed,
            local: self.declared.iter().any(|one| matches!(one.source, Source::Path(_))),
            package: self.package,
            member: self.member.clone(),
            versions: STARTED.iter().filter_map(version).collect(),
            extras: self.extras.clone(),
            groups: self.groups.clone(),
            groups_alone: self.groups_alone,
            root_left_out: self
                .root
                .fails
                .as_ref()
                .map(|(why, at)| format!("{why} ({})", at.place())),
            searches: self.package && self.root.searches,
            ssh: self.ssh.clone(),
            build_reads: self.root.reads.clone(),
            scm_versions: self.root.version.clone(),
            direct_pins: self.has_direct_pins(),
            ..Installs::default()
        };
        if installs.root_left_out.is_some() && self.is_managed_by("setuptools") {
            installs.listed = self.declared.iter().map(ToString::to_string).collect();
        }
        if self.is_managed_by("conda") {
            for one in &self.declared {
                if is_conda_only(&one.name) {
                    installs.conda_only.push(one.name.clone());
                } else {
                    installs.listed.push(one.to_string());
                }
            }
        }
        installs
    }

    fn is_managed_by(&self, name: &str) -> bool {
        self.manager.value().is_some_and(|manager| manager == name)
    }

    /// Whether some requirements are pinned and nothing pins what those bring along.
    fn has_direct_pins(&self) -> bool {
        let unlocked = ["pip", "pyproject", "setuptools", "conda"];
        unlocked.iter().any(|name| self.is_managed_by(name))
            && !self.hashed
            && !self.compiled
            && !self.own_index
            && self.declared.iter().any(|one| one.exact().is_some())
    }
}

fn is_conda_only(name: &str) -> bool {
    const LIBRARIES_OF_PYTHON: [&str; 4] = ["libcst", "libsass", "libtmux", "librosa"];
    let library = name.starts_with("lib") && !LIBRARIES_OF_PYTHON.contains(&name);
    CONDA_ONLY.contains(&name)
        || library
        || name.starts_with("r-")
        || name.ends_with("-linux-64")
        || name.ends_with("-mutex")
}

#[cfg(test)]
mod tests {
    use super::is_conda_only;

    #[test]
    fn libraries_and_tools_of_conda_are_told_from_python_packages() {
        for name in ["libgdal", "cudatoolkit", "ld-impl-linux-64", "r-base", "libgcc-mutex"] {
            assert!(is_conda_only(name), "{name}");
        }
        for name in ["geopandas", "librosa", "requests"] {
            assert!(!is_conda_only(name), "{name}");
        }
    }
}
