//! Every combination of the axes that makes sense.

use dockwright::answers::{Draft, Origin};

const AXES: &[(&str, &[&str])] = &[
    ("stack.framework", &["fastapi", "flask", "django"]),
    ("stack.server", &["uvicorn", "gunicorn-uvicorn", "gunicorn"]),
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
    for (key, words) in AXES {
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
