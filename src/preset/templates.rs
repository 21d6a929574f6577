//! The templates of a layer, looked at without the engine: whether they
//! override one of dockwright's own, and which of its blocks.

use crate::render;

/// Whether dockwright itself has a template of this name.
#[must_use]
pub fn is_own(name: &str) -> bool {
    render::has_template(name)
}

/// The blocks of a template, in the order they stand in.
#[must_use]
pub fn blocks(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut blocks: Vec<String> = Vec::new();
    for tag in text.split("{%").skip(1) {
        let mut words = tag.trim_start_matches('-').split(|c: char| c.is_whitespace() || c == '%');
        let mut words = words.by_ref().filter(|word| !word.is_empty());
        if words.next() == Some("block")
            && let Some(name) = words.next()
            && !blocks.iter().any(|known| known == name)
        {
            blocks.push(name.trim_end_matches('-').to_owned());
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_however_their_tags_are_spaced() {
        let text = b"{% block one %}{% endblock one %}\n{%- block two -%}{%block three%}{% if x %}";
        assert_eq!(blocks(text), ["one", "two", "three"]);
    }
}
