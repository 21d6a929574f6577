//! Which Python versions the files of a locked package install on, by their
//! names.

use std::collections::BTreeSet;

use crate::detect::deps::marker::MINORS;

/// The files of one locked version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wheels {
    /// Minor versions of Python 3 that a wheel for Linux installs on.
    pub minors: BTreeSet<u64>,
    /// Whether a wheel for Linux is compiled, so that it may carry libraries.
    pub compiled: bool,
    /// Whether the source can be built instead.
    pub source: bool,
}

impl Wheels {
    /// Reads file names, or the addresses that end in them.
    #[must_use]
    pub fn of<'a>(files: impl IntoIterator<Item = &'a str>) -> Self {
        let mut wheels = Self::default();
        for file in files {
            let name = file.split(['?', '#']).next().unwrap_or(file);
            let name = name.rsplit('/').next().unwrap_or(name);
            match name.strip_suffix(".whl") {
                Some(stem) => wheels.add(stem),
                None => wheels.source = true,
            }
        }
        wheels
    }

    /// Whether a wheel installs on a minor version.
    #[must_use]
    pub fn fits(&self, minor: u64) -> bool {
        self.minors.contains(&minor)
    }

    fn add(&mut self, stem: &str) {
        let mut tags = stem.rsplit('-');
        let (Some(platforms), Some(abi), Some(pythons)) = (tags.next(), tags.next(), tags.next())
        else {
            return;
        };
        let linux = |platform: &str| {
            platform == "any" || (platform.contains("manylinux") && platform.ends_with("x86_64"))
        };
        if !platforms.split('.').any(linux) {
            return;
        }
        self.compiled |= platforms != "any";
        for python in pythons.split('.') {
            match python {
                "py3" | "py2" => {
                    if python == "py3" {
                        self.minors.extend(MINORS);
                    }
                }
                _ => self.tag(python, abi),
            }
        }
    }

    fn tag(&mut self, python: &str, abi: &str) {
        let minor = python.strip_prefix("cp3").or_else(|| python.strip_prefix("py3"));
        let Some(minor) = minor.and_then(|minor| minor.parse::<u64>().ok()) else { return };
        let stable = abi.split('.').any(|abi| abi == "abi3") || python.starts_with("py");
        if stable {
            self.minors.extend(MINORS.filter(|newer| *newer >= minor));
        } else if !abi.ends_with('t') {
            self.minors.insert(minor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_tell_the_versions_they_install_on() {
        let wheels = Wheels::of([
            "https://host/x/numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "numpy-1.26.4-cp312-cp312-macosx_11_0_arm64.whl",
            "numpy-1.26.4-cp313-cp313t-manylinux_2_17_x86_64.whl",
            "numpy-1.26.4.tar.gz",
        ]);
        assert_eq!(wheels.minors, BTreeSet::from([11]));
        assert!(wheels.source && wheels.compiled);
        let stable = Wheels::of(["cryptography-42-cp39-abi3-manylinux_2_28_x86_64.whl"]);
        assert!(!stable.fits(8) && stable.fits(9) && stable.fits(14));
        let pure = Wheels::of(["flask-3.0-py3-none-any.whl", "six-1-py2.py3-none-any.whl"]);
        assert!(pure.fits(5) && pure.fits(14) && !pure.compiled && !pure.source);
    }
}
