//! How the packages of adopted code get into the image: exactly the locked
//! set, without development groups.

use serde::Serialize;

use crate::answers::adopted::{Adopted, TOP};
use crate::answers::stack::PackageManager;
use crate::catalog::releases;
use crate::error::Problem;
use crate::plan::code::{in_image, parent};
use crate::plan::shape::Shape;

/// A file that is mounted while packages are installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Mounted {
    /// In the build context.
    pub source: String,
    /// In the builder.
    pub target: String,
}

/// Versions of the tools that read locks, for the project's Python.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tools {
    /// Poetry.
    pub poetry: String,
    /// Its export plugin.
    pub poetry_plugin_export: String,
    /// PDM.
    pub pdm: String,
    /// Pipenv.
    pub pipenv: String,
}

/// How packages are installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Install {
    /// Where the tool runs: the directory of its files.
    pub directory: String,
    /// What it reads.
    pub files: Vec<Mounted>,
    /// The requirements file, relative to `directory`.
    pub requirements: String,
    /// Whether every requirement has a hash.
    pub hashed: bool,
    /// Whether the code is copied before packages are installed, since it is
    /// among them.
    pub after_code: bool,
    /// Whether the project is installed as a package once its code is there.
    pub package: bool,
    /// Member of a uv workspace, as arguments.
    pub member: String,
    /// Whether torch is taken from its index of CPU builds.
    pub cpu_torch: bool,
    /// Requirements of `environment.yml` that are on an index.
    pub from_conda: Vec<String>,
    /// Tools that read locks.
    pub tools: Tools,
}

impl Install {
    pub(super) fn of(shape: &Shape, adopted: &Adopted) -> Self {
        let manager = shape.answers.package_manager;
        let installs = &adopted.derived.installs;
        let python = &shape.answers.python;
        let inside: Vec<&str> = adopted
            .dependency_files
            .iter()
            .filter_map(|file| adopted.within(file.as_str()))
            .collect();
        // Paths in requirement files are relative to where pip runs.
        let directory = match manager {
            PackageManager::Pip | PackageManager::Conda => "",
            _ => inside.first().map_or("", |first| parent(first)),
        };
        let below = |path: &str| match directory {
            "" => path.to_owned(),
            directory => path
                .strip_prefix(directory)
                .map_or(path, |rest| rest.trim_start_matches('/'))
                .into(),
        };
        let builds = matches!(
            manager,
            PackageManager::Poetry | PackageManager::Pyproject | PackageManager::Setuptools
        );
        Self {
            directory: in_image(TOP, directory),
            files: inside
                .iter()
                .map(|path| Mounted { source: (*path).to_owned(), target: in_image(TOP, path) })
                .collect(),
            requirements: inside.first().map(|path| below(path)).unwrap_or_default(),
            hashed: installs.hashed,
            after_code: manager == PackageManager::Setuptools
                || installs.local && !matches!(manager, PackageManager::Uv | PackageManager::Pdm),
            package: builds && (installs.package || manager == PackageManager::Setuptools),
            member: installs
                .member
                .as_ref()
                .map(|name| format!(" --package {name}"))
                .unwrap_or_default(),
            cpu_torch: takes_cpu_torch(manager, adopted),
            from_conda: installs.from_conda.clone(),
            tools: Tools {
                poetry: releases::tool("poetry", python),
                poetry_plugin_export: releases::tool("poetry-plugin-export", python),
                pdm: releases::tool("pdm", python),
                pipenv: releases::tool("pipenv", python),
            },
        }
    }
}

/// Whether torch would come from PyPI with gigabytes of CUDA libraries, and no
/// lock says that it shall.
fn takes_cpu_torch(manager: PackageManager, adopted: &Adopted) -> bool {
    let free = matches!(
        manager,
        PackageManager::Pip
            | PackageManager::Pyproject
            | PackageManager::Setuptools
            | PackageManager::Conda
    );
    let derived = &adopted.derived;
    let local = derived.installs.versions.get("torch").is_some_and(|version| version.contains('+'));
    free && !derived.installs.hashed && !local && brings_torch(adopted)
}

/// Packages that bring torch along.
const BRINGING_TORCH: [&str; 20] = [
    "torch",
    "torchvision",
    "torchaudio",
    "sentence-transformers",
    "ultralytics",
    "openai-whisper",
    "easyocr",
    "accelerate",
    "timm",
    "lightning",
    "pytorch-lightning",
    "fastai",
    "flair",
    "bertopic",
    "keybert",
    "open-clip-torch",
    "peft",
    "stanza",
    "gliner",
    "spacy-transformers",
];

fn brings_torch(adopted: &Adopted) -> bool {
    let derived = &adopted.derived;
    BRINGING_TORCH.iter().any(|name| derived.installs(name))
        || derived.installs_with("transformers", "torch")
}

/// Which builds of torch the image gets.
pub(super) fn notice(shape: &Shape, adopted: &Adopted) -> Option<String> {
    if takes_cpu_torch(shape.answers.package_manager, adopted) {
        return Some("torch is installed from its index of CPU builds: PyPI's bring gigabytes of CUDA libraries, which nothing here uses".to_owned());
    }
    let cuda = adopted.derived.packages.iter().any(|name| name.starts_with("nvidia-"));
    cuda.then(|| {
        "the lock says that torch comes with CUDA's libraries, several gigabytes that an image without a GPU never uses: take the build for CPUs, from the index that ends in /whl/cpu on PyTorch's \"Get started\" page, as [[tool.uv.index]] or another source, and lock again".to_owned()
    })
}

/// Whether packages may expect the setuptools that environments before Python
/// 3.12 brought along. uv and PDM never did.
pub(super) fn lacks_setuptools(shape: &Shape, adopted: &Adopted) -> bool {
    let old = matches!(shape.answers.python.as_str(), "3.8" | "3.9" | "3.10" | "3.11");
    let bare = matches!(shape.answers.package_manager, PackageManager::Uv | PackageManager::Pdm);
    old && !bare && !adopted.derived.installs("setuptools")
}

/// What no image can be built from.
pub(super) fn problems(shape: &Shape, adopted: &Adopted) -> Vec<Problem> {
    if shape.answers.package_manager != PackageManager::Conda {
        return Vec::new();
    }
    let installs = &adopted.derived.installs;
    let file = adopted.dependency_files.first().map_or("environment.yml", |file| file.as_str());
    let help = "write what the service needs into a requirements.txt, then: --set project.package-manager=pip --set project.dependency-files=requirements.txt";
    if !installs.conda_only.is_empty() {
        return vec![
            Problem::new(format!(
                "{file} names packages that only conda has ({}): the image takes Python packages from an index and libraries from Debian",
                installs.conda_only.join(", ")
            ))
            .help(help),
        ];
    }
    if installs.from_conda.is_empty() {
        return vec![
            Problem::new(format!("{file} names no package that an index of Python packages has"))
                .help(help),
        ];
    }
    Vec::new()
}
