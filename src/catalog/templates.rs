//! The templates, as they are built in.

use include_dir::{Dir, include_dir};

/// Everything below `templates/`.
pub static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
