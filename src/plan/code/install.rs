//! How the packages of adopted code get into the image: exactly the locked
//! set, without development groups.

use serde::Serialize;

use crate::answers::adopted::{Adopted, TOP};
use crate::answers::stack::PackageManager;
use crate::catalog::{VERSIONS, releases};
use crate::error::Problem;
use crate::plan::code::{in_image, parent};
use crate::plan::images;
use crate::plan::shape::Shape;
use crate::schema::role::Role;

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
    pub listed: Vec<String>,
    /// Tools that read locks.
    pub tools: Tools,
    /// Extras and groups, as arguments of whatever installs.
    pub options: String,
    /// Requirements that are installed with the project's own, in one solution.
    pub beside: Vec<String>,
    /// Whether only dependency groups are installed, since nothing else is declared.
    pub groups_alone: bool,
    /// Whether uv and PDM leave the project itself out.
    pub root_left_out: bool,
    /// Whether the proxy's configuration has to go before the project is built: its build
    /// would take the directory for a package.
    pub hides_proxy: bool,
    /// Until when packages may have been published; empty for today.
    pub until: String,
    /// The same as arguments, with what has no such date left out of it.
    pub until_options: String,
    /// Whether an install that installs nothing is a failure.
    pub guarded: bool,
    /// Whether a lock of the package manager's is among the files.
    pub has_lock: bool,
    /// Whether packages are fetched over SSH.
    pub ssh: bool,
    /// What stands for versions that come from git, before a command that builds the
    /// project: `NAME=value `.
    pub scm: String,
    /// Whether bytecode is compiled by uv, which an old Python cannot do.
    pub bytecode: bool,
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
        let cpu_torch = takes_cpu_torch(manager, adopted);
        let until = until(shape, adopted).unwrap_or_default();
        Self {
            until_options: until_options(&until, cpu_torch),
            until,
            options: options(manager, adopted),
            beside: beside(shape, adopted),
            groups_alone: installs.groups_alone && manager == PackageManager::Pyproject,
            root_left_out: installs.root_left_out.is_some(),
            hides_proxy: installs.searches && shape.has(Role::Nginx),
            guarded: !adopted.derived.packages.is_empty(),
            has_lock: adopted.dependency_files.iter().any(|own| own.as_str().ends_with(".lock")),
            ssh: !installs.ssh.is_empty(),
            scm: installs.scm_versions.iter().map(|set| format!("{set} ")).collect(),
            bytecode: python != "3.6",
            directory: in_image(TOP, directory),
            files: inside
                .iter()
                .map(|path| Mounted { source: (*path).to_owned(), target: in_image(TOP, path) })
                .collect(),
            requirements: inside.first().map(|path| below(path)).unwrap_or_default(),
            hashed: installs.hashed,
            after_code: manager == PackageManager::Setuptools && installs.root_left_out.is_none()
                || installs.local && !matches!(manager, PackageManager::Uv | PackageManager::Pdm),
            package: builds
                && installs.root_left_out.is_none()
                && (installs.package || manager == PackageManager::Setuptools),
            member: installs
                .member
                .as_ref()
                .map(|name| format!(" --package {name}"))
                .unwrap_or_default(),
            cpu_torch,
            listed: installs
                .listed
                .iter()
                .map(|one| shell_words::quote(one).into_owned())
                .collect(),
            tools: Tools {
                poetry: releases::tool("poetry", python),
                poetry_plugin_export: releases::tool("poetry-plugin-export", python),
                pdm: releases::tool("pdm", python),
                pipenv: releases::tool("pipenv", python),
            },
        }
    }
}

/// Extras and groups as the tool that installs takes them.
fn options(manager: PackageManager, adopted: &Adopted) -> String {
    let installs = &adopted.derived.installs;
    let each = |option: &str, names: &[String]| -> String {
        names.iter().map(|name| format!(" {option} {name}")).collect()
    };
    let (extras, groups) = (&installs.extras, &installs.groups);
    match manager {
        PackageManager::Uv | PackageManager::Pyproject => {
            format!("{}{}", each("--extra", extras), each("--group", groups))
        }
        PackageManager::Poetry => {
            format!("{}{}", each("--only", groups), each("--extras", extras))
        }
        // A group that is for development as PDM has it is refused beside `--prod`; alone,
        // it is the only one of those that is installed.
        PackageManager::Pdm if groups.is_empty() => format!(" --prod{}", each("--group", extras)),
        PackageManager::Pdm => format!("{}{}", each("--group", extras), each("--group", groups)),
        PackageManager::Setuptools if !extras.is_empty() => format!("[{}]", extras.join(",")),
        _ => String::new(),
    }
}

/// Until when packages may have been published, where the date that is known can be kept;
/// otherwise why not.
fn until(shape: &Shape, adopted: &Adopted) -> Result<String, String> {
    let until = &adopted.packages_until;
    let unlocked = is_unlocked(shape.answers.package_manager, adopted.derived.installs.hashed);
    if until.is_empty() || !unlocked {
        return Ok(String::new());
    }
    if shape.answers.network.has_index() {
        return Err("another index may not say when a package was published".to_owned());
    }
    let python = &shape.answers.python;
    let released = VERSIONS.python_released.get(python).map_or("", String::as_str);
    // Days are compared as they are written.
    if until.as_str() < released {
        return Err(format!("Python {python} came out later, on {released}"));
    }
    Ok(until.clone())
}

/// Packages of torch's own index, which says no date.
const OF_TORCH: [&str; 3] = ["torch", "torchvision", "torchaudio"];

fn until_options(until: &str, cpu_torch: bool) -> String {
    if until.is_empty() {
        return String::new();
    }
    let undated = OF_TORCH.iter().filter(|_| cpu_torch);
    let undated: String =
        undated.map(|name| format!(" --exclude-newer-package={name}=false")).collect();
    let built = match until < FIRST_BUILDS {
        true => format!(" --exclude-newer-package=setuptools={OLD_BUILDS}"),
        false => String::new(),
    };
    format!(" --exclude-newer={until}{undated}{built}")
}

/// Before that day there was no setuptools that builds packages as every installer asks
/// now; from the other on it left out what packages of then ask of it.
const FIRST_BUILDS: &str = "2019-02-06";
const OLD_BUILDS: &str = "2021-09-01";

/// What a person should know of how packages are installed.
pub(super) fn notices(shape: &Shape, adopted: &Adopted, install: &Install) -> Vec<String> {
    let installs = &adopted.derived.installs;
    let mut notices = Vec::new();
    let file = adopted.dependency_files.first().map_or("the project", |file| file.as_str());
    let until = adopted.packages_until.split('T').next().unwrap_or_default();
    if !install.until.is_empty() {
        notices.push(format!(
            "no lock pins what the packages of {file} bring along: the image takes them as they were on {until}, when it was last changed. With a newer pin the date goes up as well: --set project.packages-until=YYYY-MM-DD; empty takes the newest; a lock does without"
        ));
    } else if let Err(why) = self::until(shape, adopted) {
        notices.push(format!(
            "no lock pins what the packages of {file} bring along, so that the newest are taken and not those of {until}, when it was last changed: {why}"
        ));
    }
    if let Some(why) = &installs.root_left_out {
        let instead = match installs.listed.is_empty() {
            true => "what it depends on is installed",
            false => "the packages that it names are installed one by one",
        };
        notices.push(format!(
            "the project cannot be installed as a package: {why}; {instead}, and its code is on PYTHONPATH"
        ));
    }
    if install.ssh {
        notices.push(format!(
            "{} {} fetched over SSH: the build takes the key of an agent (`docker build --ssh default`; Compose does it by itself), and believes a host it sees for the first time",
            installs.ssh.join(", "),
            if installs.ssh.len() == 1 { "is" } else { "are" },
        ));
    }
    match images::release(shape.answers) {
        Some((release, _)) => notices.push(format!(
            "the project takes Python {release} alone: its image stays at that release, and gets no security fixes of a later one"
        )),
        None => notices.extend(other_release(shape, adopted)),
    }
    notices
}

/// A release that the project names and that there is no image of.
fn other_release(shape: &Shape, adopted: &Adopted) -> Option<String> {
    let release = adopted.derived.installs.python.as_deref()?;
    let (minor, _) = release.rsplit_once('.')?;
    (minor == shape.answers.python).then(|| {
        format!(
            "the project takes Python {release} alone, for which there is no image on a Debian that is still there: the newest {minor} may be refused"
        )
    })
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

/// Whether nothing fixes what is installed but the project's own requirements.
const fn is_unlocked(manager: PackageManager, is_hashed: bool) -> bool {
    let lists = matches!(
        manager,
        PackageManager::Pip
            | PackageManager::Pyproject
            | PackageManager::Setuptools
            | PackageManager::Conda
    );
    lists && !is_hashed
}

/// What old packages take for granted, as a bound on what is resolved: without a lock
/// another package may bring one that is newer.
pub(super) fn beside(shape: &Shape, adopted: &Adopted) -> Vec<String> {
    let unlocked = is_unlocked(shape.answers.package_manager, adopted.derived.installs.hashed);
    let bound = || {
        let version = releases::version("setuptools", &shape.answers.python)?;
        Some(format!("setuptools<={version}"))
    };
    let wanted = unlocked && lacks_setuptools(shape, adopted);
    wanted.then(bound).flatten().into_iter().collect()
}

/// Whether packages may expect the setuptools that environments before Python
/// 3.12 brought along. uv and PDM never did.
pub(super) fn lacks_setuptools(shape: &Shape, adopted: &Adopted) -> bool {
    let python = shape.answers.python.as_str();
    let old = matches!(python, "3.6" | "3.7" | "3.8" | "3.9" | "3.10" | "3.11");
    let bare = matches!(shape.answers.package_manager, PackageManager::Uv | PackageManager::Pdm);
    old && !bare && !adopted.derived.installs("setuptools")
}

/// What no image can be built from.
pub(super) fn problems(shape: &Shape, adopted: &Adopted) -> Vec<Problem> {
    let manager = shape.answers.package_manager;
    let reads_lock =
        [PackageManager::Poetry, PackageManager::Pdm, PackageManager::Pipenv].contains(&manager);
    let python = &shape.answers.python;
    if reads_lock && releases::tool(manager.word(), python).is_empty() {
        return vec![
            Problem::new(format!(
                "no {} that hands over its lock runs on Python {python}",
                manager.word()
            ))
            .help("let it write a requirements.txt from the lock, then: --set project.package-manager=pip --set project.dependency-files=requirements.txt"),
        ];
    }
    if manager != PackageManager::Conda {
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
    if installs.listed.is_empty() {
        return vec![
            Problem::new(format!("{file} names no package that an index of Python packages has"))
                .help(help),
        ];
    }
    Vec::new()
}
