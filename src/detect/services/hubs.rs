//! Models and data that the code fetches by name when it first needs them.

use crate::detect::fact::{Evidence, Fact};
use crate::detect::services::Evidences;

/// What fetches, by the end of its full name, and the hub whose cache it fills.
const FETCHERS: [(&str, &str); 27] = [
    ("sentence_transformers.SentenceTransformer", "huggingface"),
    ("sentence_transformers.CrossEncoder", "huggingface"),
    ("SentenceTransformerEmbeddings", "huggingface"),
    ("HuggingFaceEmbeddings", "huggingface"),
    ("from_pretrained", "huggingface"),
    ("transformers.pipeline", "huggingface"),
    ("huggingface_hub.hf_hub_download", "huggingface"),
    ("huggingface_hub.snapshot_download", "huggingface"),
    ("datasets.load_dataset", "huggingface"),
    ("faster_whisper.WhisperModel", "huggingface"),
    ("open_clip.create_model_and_transforms", "huggingface"),
    ("timm.create_model", "huggingface"),
    ("torch.hub.load", "torch"),
    ("torch.hub.load_state_dict_from_url", "torch"),
    ("torchvision.models.get_model", "torch"),
    ("torchvision.models.resnet50", "torch"),
    ("torchvision.models.resnet18", "torch"),
    ("whisper.load_model", "whisper"),
    ("nltk.download", "nltk"),
    ("tiktoken.get_encoding", "tiktoken"),
    ("tiktoken.encoding_for_model", "tiktoken"),
    ("easyocr.Reader", "easyocr"),
    ("fastembed.TextEmbedding", "fastembed"),
    ("stanza.download", "stanza"),
    ("stanza.Pipeline", "stanza"),
    ("gensim.downloader.load", "gensim"),
    ("tensorflow_hub.load", "tensorflow-hub"),
];

/// The hubs whose caches the code fills.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> Fact<Vec<String>> {
    let tree = evidences.context.tree;
    let directory = evidences.context.working_directory();
    let mut hubs: Vec<String> = Vec::new();
    let mut lines: Vec<Evidence> = Vec::new();
    for binding in evidences.live() {
        let called = binding.called();
        let is = |end: &str| {
            called.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let Some((_, hub)) = FETCHERS.iter().find(|(end, _)| is(end)) else { continue };
        // What is in the repository is not fetched.
        let is_there = binding
            .value
            .path(directory)
            .is_some_and(|path| tree.has(&path) || tree.has_directory(&path));
        let is_local = binding.value.text().is_some_and(|text| text.starts_with(['.', '/']));
        if is_there || is_local || binding.last() == "local_files_only" {
            continue;
        }
        if !hubs.iter().any(|known| known == hub) {
            hubs.push((*hub).to_owned());
            lines.push(binding.evidence.clone());
        }
    }
    hubs.sort();
    if hubs.is_empty() { Fact::Unknown } else { Fact::Known(hubs, lines) }
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::Repository;

    #[test]
    fn names_are_fetched_and_paths_of_the_repository_are_not() {
        for (import, call, hub) in [
            (
                "from sentence_transformers import SentenceTransformer",
                "SentenceTransformer('all-MiniLM-L6-v2')",
                Some("huggingface"),
            ),
            (
                "from transformers import AutoModel",
                "AutoModel.from_pretrained('bert-base')",
                Some("huggingface"),
            ),
            ("import whisper", "whisper.load_model('base')", Some("whisper")),
            ("import nltk", "nltk.download('punkt')", Some("nltk")),
            ("import tiktoken", "tiktoken.get_encoding('cl100k_base')", Some("tiktoken")),
            ("from transformers import AutoModel", "AutoModel.from_pretrained('./weights')", None),
            ("from transformers import AutoModel", "AutoModel.from_pretrained('weights')", None),
        ] {
            let main =
                format!("{import}\nfrom fastapi import FastAPI\napp = FastAPI()\nmodel = {call}\n");
            let found = Repository::fastapi(&main, &[("weights/config.json", "{}")]).find().hubs;
            let found = found.value().map(|own| own.join(","));
            assert_eq!(found.as_deref(), hub, "{call}");
        }
    }
}
