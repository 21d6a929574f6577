//! Every combination of the axes that makes sense.

use dockwright::answers::{Draft, Origin};
use dockwright::catalog::{Framework, Server};

const AXES: &[(&str, &[&str])] = &[
    ("stack.proxy", &["none", "nginx"]),
    ("stack.database", &["none", "postgres", "external"]),
    ("stack.cache", &["none", "redis"]),
    ("stack.worker", &["none", "celery"]),
    ("stack.beat", &["false", "true"]),
    ("model.runtime", &["none", "onnxruntime", "scikit-learn", "torch"]),
    ("deploy.budget", &["host", "task"]),
];

/// Every combination that makes sense.
pub fn combinations() -> Vec<Draft> {
    let mut drafts = vec![{
        let mut draft = Draft::default();
        draft.set("project.name", "shop", Origin::Flag).unwrap();
        draft
    }];
    let stack = [("stack.framework", Framework::words()), ("stack.server", Server::words())];
    for (key, words) in stack.iter().chain(AXES) {
        drafts = drafts
            .into_iter()
            .flat_map(|draft| {
                words.iter().map(move |word| {
                    let mut draft = draft.clone();
                    draft.set(key, word, Origin::Flag).unwrap();
                    draft
                })
            })
            .collect();
    }
    drafts.retain(|draft| draft.resolve().is_ok());
    drafts
}
