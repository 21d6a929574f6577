//! The templates, as they are built in.

use include_dir::{Dir, include_dir};

/// Everything below `templates/`.
pub static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

#[cfg(test)]
mod tests {
    use super::*;

    fn with_carriage_returns(directory: &Dir<'_>) -> Vec<String> {
        let inside = directory.dirs().flat_map(with_carriage_returns);
        let has = |file: &&include_dir::File<'_>| {
            file.contents_utf8().is_some_and(|text| text.contains('\r'))
        };
        let own = directory.files().filter(has).map(|file| file.path().display().to_string());
        own.chain(inside).collect()
    }

    /// A checkout on Windows may have others, and a script with them does not start.
    #[test]
    fn what_is_built_in_has_the_line_ends_of_containers() {
        assert!(TEMPLATES.files().count() > 5);
        assert_eq!(with_carriage_returns(&TEMPLATES), Vec::<String>::new());
    }
}
