//! The files that judges look at, as they stand on disk, each with the
//! pristine render it came from.

use crate::answers::Draft;
use crate::apply::disk::{self, DiskState};
use crate::check::disk::compose::Compose;
use crate::check::disk::dockerfile::Dockerfile;
use crate::check::finding::Finding;
use crate::error::Error;
use crate::plan::Plan;
use crate::plan::outputs::Syntax;
use crate::project::Project;
use crate::relpath::RelPath;
use crate::render::Rendered;
use crate::update::compared::stored_base;

/// The names of files that Compose reads as well, unasked.
const OVERRIDES: [&str; 4] = [
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// A text with LF line ends.
#[derive(Clone, Debug)]
pub struct Text {
    /// Where it is.
    pub path: String,
    /// As it stands on disk.
    pub text: String,
    /// As it was written, where it was.
    pub pristine: Option<String>,
}

/// Everything that can be judged.
pub struct Scene<'a> {
    /// The repository.
    pub project: &'a Project,
    /// The answers.
    pub draft: &'a Draft,
    /// The plan.
    pub plan: &'a Plan,
    /// Dockerfiles.
    pub dockerfiles: Vec<Dockerfile>,
    /// Compose files.
    pub composes: Vec<Compose>,
    /// The Dockerfiles and compose files as text.
    pub texts: Vec<Text>,
    /// gunicorn's settings.
    pub gunicorn: Option<Text>,
    /// What could not be read.
    pub unread: Vec<Finding>,
}

impl<'a> Scene<'a> {
    /// Reads the files.
    ///
    /// # Errors
    /// Files that are there and cannot be read.
    pub fn read(
        project: &'a Project,
        draft: &'a Draft,
        plan: &'a Plan,
        renders: &[Rendered],
    ) -> Result<Self, Error> {
        let mut scene = Self {
            project,
            draft,
            plan,
            dockerfiles: Vec::new(),
            composes: Vec::new(),
            texts: Vec::new(),
            gunicorn: None,
            unread: Vec::new(),
        };
        for render in renders {
            let path = render.output.path.as_str();
            match render.output.syntax {
                Syntax::Dockerfile => scene.dockerfile(render)?,
                Syntax::Yaml if path.contains("compose") => scene.compose(render)?,
                Syntax::Python if render.output.usual.as_str() == "gunicorn.conf.py" => {
                    scene.gunicorn = scene.versions(render)?.into_iter().next();
                }
                _ => {}
            }
        }
        scene.overrides()?;
        Ok(scene)
    }

    fn dockerfile(&mut self, render: &Rendered) -> Result<(), Error> {
        for text in self.versions(render)? {
            match Dockerfile::read(&text) {
                Ok(file) => self.dockerfiles.push(file),
                Err(said) => self.unreadable(&text.path, &said),
            }
            self.texts.push(text);
        }
        Ok(())
    }

    fn compose(&mut self, render: &Rendered) -> Result<(), Error> {
        let development = render.output.path.as_str().contains(".dev.");
        for text in self.versions(render)? {
            match Compose::read(&text, development) {
                Ok(file) => self.composes.push(file),
                Err(said) => self.unreadable(&text.path, &said),
            }
            self.texts.push(text);
        }
        Ok(())
    }

    /// Files that Compose reads beside its own, which nobody renders.
    fn overrides(&mut self) -> Result<(), Error> {
        for name in OVERRIDES {
            if let Some(text) = self.text(name, None)? {
                match Compose::read(&text, false) {
                    Ok(file) => self.composes.push(file),
                    Err(said) => self.unreadable(name, &said),
                }
                self.texts.push(text);
            }
        }
        Ok(())
    }

    fn unreadable(&mut self, path: &str, said: &str) {
        let message = format!("it could not be judged: {said}");
        self.unread.push(Finding::note("unread", message).in_file(path));
    }

    /// The files of a render: the one it was written to, and the user's own
    /// that it stands beside.
    fn versions(&mut self, render: &Rendered) -> Result<Vec<Text>, Error> {
        let path = render.output.path.to_string();
        let beside = self.project.lock.entry(&path).and_then(|entry| entry.beside.clone());
        let paths = std::iter::once(path).chain(beside);
        let mut texts = Vec::new();
        for path in paths {
            let pristine = self.pristine(&path, render);
            texts.extend(self.text(&path, pristine)?);
        }
        Ok(texts)
    }

    /// Where the output that a preset calls by this path is.
    pub fn on_disk(&self, path: &RelPath) -> String {
        let output = self.plan.outputs.iter().find(|output| output.is(path));
        output.map_or(path, |output| &output.path).to_string()
    }

    fn pristine(&self, path: &str, render: &Rendered) -> Option<String> {
        let base = self.project.lock.entry(path).and_then(|entry| entry.base.as_ref());
        let bytes = base.and_then(|base| stored_base(&self.project.dir, base));
        lf(bytes.as_ref().unwrap_or(&render.bytes))
    }

    /// A file, if it is there and is text.
    pub fn text(&mut self, path: &str, pristine: Option<String>) -> Result<Option<Text>, Error> {
        let at = RelPath::new(path).expect("paths of outputs and locks are checked");
        match disk::look(&self.project.dir, &at)? {
            DiskState::Absent => {}
            DiskState::Obstructed(obstacle) => self.unreadable(path, &format!("it {obstacle}")),
            DiskState::File { bytes, .. } => match lf(&bytes) {
                Some(text) => return Ok(Some(Text { path: path.to_owned(), text, pristine })),
                None => self.unreadable(path, "it is not UTF-8"),
            },
        }
        Ok(None)
    }
}

fn lf(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n"))
}
