//! Caches of hubs: models and data that the code fetches by name live on a volume,
//! so that they are fetched once, need no memory, and fit beside a read-only root.

use serde::Serialize;

use crate::answers::adopted::Adopted;

/// Where the volume is.
pub const DIRECTORY: &str = "/cache";

/// A variable that names a hub's cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cache {
    /// The variable.
    pub name: String,
    /// The directory.
    pub path: String,
}

/// By hub: the variables that its library reads. What is not here follows
/// `XDG_CACHE_HOME`, as whisper and most others do.
const VARIABLES: [(&str, &str, &str); 10] = [
    ("huggingface", "HF_HOME", "huggingface"),
    ("huggingface", "TORCH_HOME", "torch"),
    ("torch", "TORCH_HOME", "torch"),
    ("nltk", "NLTK_DATA", "nltk"),
    ("tiktoken", "TIKTOKEN_CACHE_DIR", "tiktoken"),
    ("easyocr", "EASYOCR_MODULE_PATH", "easyocr"),
    ("fastembed", "FASTEMBED_CACHE_PATH", "fastembed"),
    ("stanza", "STANZA_RESOURCES_DIR", "stanza"),
    ("gensim", "GENSIM_DATA_DIR", "gensim"),
    ("tensorflow-hub", "TFHUB_CACHE_DIR", "tensorflow-hub"),
];

/// The variables of an application's hubs; empty where it fetches nothing.
pub(super) fn of(adopted: &Adopted) -> Vec<Cache> {
    let hubs = &adopted.derived.hubs;
    let known = VARIABLES.iter().filter(|(hub, _, _)| hubs.iter().any(|own| own == hub));
    let mut caches: Vec<Cache> = known
        .map(|(_, name, below)| Cache {
            name: (*name).to_owned(),
            path: format!("{DIRECTORY}/{below}"),
        })
        .collect();
    if !hubs.is_empty() {
        caches.push(Cache { name: "XDG_CACHE_HOME".to_owned(), path: DIRECTORY.to_owned() });
    }
    caches.sort_by(|one, other| one.name.cmp(&other.name));
    caches.dedup();
    caches
}

/// What a person should know of them.
pub(super) fn notice(adopted: &Adopted) -> Option<String> {
    let hubs = &adopted.derived.hubs;
    (!hubs.is_empty()).then(|| {
        format!(
            "models and data of {} are fetched when they are first needed, into the volume hub-cache: the first start takes as long as that, and needs the network",
            hubs.join(", ")
        )
    })
}
