//! A compose file, as far as it is judged: the services on disk, each with
//! the one it was written as.

use crate::check::disk::scene::Text;
use crate::source::compose::{Document, Item, Service};

/// A compose file.
#[derive(Clone, Debug)]
pub struct Compose {
    /// Where it is.
    pub path: String,
    /// Its services.
    pub services: Vec<Service>,
    /// The services it was written with.
    pristine: Vec<Service>,
    /// Whether it is for development, where nothing is hardened.
    pub development: bool,
    /// Other files it names, which are not read, with their lines.
    pub elsewhere: Vec<(String, usize)>,
}

impl Compose {
    /// Reads one.
    ///
    /// # Errors
    /// What the parser says.
    pub fn read(text: &Text, development: bool) -> Result<Self, String> {
        let document = Document::read(&text.text)?;
        let services = document.services();
        let pristine = text.pristine.as_deref().map(Document::read).transpose().ok().flatten();
        let mut elsewhere = Vec::new();
        if let Some(include) = document.root.get("include") {
            elsewhere.push(("include".to_owned(), include.line));
        }
        for service in &services {
            let extends = service.item.get("extends");
            if let Some(file) = extends.and_then(|extends| extends.get("file")) {
                elsewhere.push((format!("{}: extends", service.name), file.line));
            }
        }
        Ok(Self {
            path: text.path.clone(),
            services,
            pristine: pristine.map(|document| document.services()).unwrap_or_default(),
            development,
            elsewhere,
        })
    }

    /// A service by its name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The service as it was written.
    #[must_use]
    pub fn written(&self, name: &str) -> Option<&Service> {
        self.pristine.iter().find(|service| service.name == name)
    }
}

/// The scalars below a key of a service.
#[must_use]
pub fn words(service: &Service, key: &str) -> Vec<String> {
    service.item.get(key).map(Item::scalars).unwrap_or_default()
}

/// What stands at a path of keys.
#[must_use]
pub fn at<'a>(service: &'a Service, keys: &[&str]) -> Option<&'a Item> {
    keys.iter().try_fold(&service.item, |item, key| item.get(key))
}
