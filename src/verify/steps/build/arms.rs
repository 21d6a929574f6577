//! How what `build` watches is broken on purpose.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::verify::arm::{Arm, How};
use crate::verify::case::Case;
use crate::verify::model::Model;
use crate::verify::steps::recipe;

/// One for each check, or more.
pub const ARMS: &[Arm] = &[
    Arm {
        check: "build.cold",
        breaks: "a build may take 1 s",
        how: How::Threshold("verify.build-cold", "1"),
        alone: true,
    },
    Arm {
        check: "build.warm",
        breaks: "no layer is taken from the cache",
        how: How::Project(no_cache),
        alone: true,
    },
    Arm {
        check: "build.change",
        breaks: "the code is copied before packages are installed",
        how: How::Copy(|_, model, copy| recipe::copy_before_packages(model, copy)),
        alone: false,
    },
    Arm {
        check: "build.context",
        breaks: "a large file lies in the context",
        how: How::Copy(large_file),
        alone: false,
    },
    Arm {
        check: "build.size",
        breaks: "an image may have 1 MiB",
        how: How::Threshold("verify.image-size", "1MiB"),
        alone: false,
    },
    Arm {
        check: "build.clean",
        breaks: "a compiler is in the image",
        how: How::Copy(compiler),
        alone: false,
    },
    Arm {
        check: "build.clean",
        breaks: "everything of the repository is in the image, and no .dockerignore",
        how: How::Copy(everything),
        alone: false,
    },
    Arm {
        check: "build.clean",
        breaks: "a private key is in the image",
        how: How::Copy(key),
        alone: false,
    },
    Arm {
        check: "build.platform",
        breaks: "an image of another architecture is built beside the others",
        how: How::Project(another_architecture),
        alone: true,
    },
    Arm {
        check: "build.same",
        breaks: "a file is named after the moment at which it is built",
        how: How::Copy(named_after_now),
        alone: false,
    },
];

fn no_cache(_: &Case, model: &mut Model) -> bool {
    let built: Vec<String> = model.built().into_iter().map(str::to_owned).collect();
    for service in &built {
        model.service_mut(service)["build"]["no_cache"] = json!(true);
    }
    !built.is_empty()
}

/// Larger than what is let through, and full of nothing.
fn large_file(case: &Case, model: &Model, _: &Path) -> bool {
    let size = case.limits.bytes("verify.context") + (1 << 20);
    contexts(model).into_iter().any(|context| {
        fs::File::create(context.join("dockwright-verify.bin"))
            .and_then(|file| file.set_len(size))
            .is_ok()
    })
}

fn compiler(_: &Case, model: &Model, copy: &Path) -> bool {
    let lines =
        "USER 0\nRUN printf '#!/bin/sh\\n' >/usr/local/bin/gcc && chmod 755 /usr/local/bin/gcc";
    recipe::begin_with(model, copy, lines)
}

fn everything(_: &Case, model: &Model, copy: &Path) -> bool {
    for context in contexts(model) {
        let _ = fs::remove_file(context.join(".dockerignore"));
        // A clone that was never configured has none.
        let _ = fs::write(context.join(".env.verify"), "DOCKWRIGHT=1\n");
    }
    recipe::begin_with(model, copy, "COPY . /dockwright-verify")
}

fn key(_: &Case, model: &Model, copy: &Path) -> bool {
    let body = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5eg==";
    let lines = format!(
        "USER 0\nRUN printf '%s\\n' '-----BEGIN PRIVATE KEY-----' '{body}' '-----END PRIVATE KEY-----' >/server"
    );
    recipe::begin_with(model, copy, &lines)
}

/// Nothing of it is run: it is of an architecture that no engine of ours has.
fn another_architecture(_: &Case, model: &mut Model) -> bool {
    let Some(context) = contexts(model).into_iter().next() else { return false };
    *model.service_mut("dockwright-arm") = json!({
        "build": {
            "context": context,
            "dockerfile_inline": "FROM scratch\nCOPY . /x\n",
            "platforms": ["linux/s390x"],
        },
        "platform": "linux/s390x",
        "command": ["/x"],
        "deploy": { "replicas": 0 },
    });
    true
}

fn named_after_now(_: &Case, model: &Model, copy: &Path) -> bool {
    recipe::begin_with(model, copy, "USER 0\nRUN touch \"/dockwright-verify-$(date +%s)\"")
}

fn contexts(model: &Model) -> Vec<PathBuf> {
    super::context::of(model).into_keys().map(|own| own.directory).collect()
}
