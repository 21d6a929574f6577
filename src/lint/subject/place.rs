//! Words and paths of instructions that copy.

use crate::source::compose::interpolate;
use crate::source::dockerfile::Image;

/// A word with its variables; `None` where one is not known.
pub(in crate::lint) fn known(image: &Image, word: &str) -> Option<String> {
    let mut open = false;
    let text = interpolate::replace(word, &mut |variable| {
        let set = image.env.get(variable.name).or_else(|| image.args.get(variable.name));
        // An argument without a default is what a build is given.
        let value = set
            .and_then(|set| set.value.known().map(str::to_owned))
            .filter(|value| !value.is_empty());
        open |= value.is_none() && variable.default.is_none();
        value
    });
    (!open).then_some(text)
}

/// A source without `./` and `/` around it.
pub(super) fn tidy(source: &str) -> String {
    let bare = source.trim_start_matches("./").trim_matches('/');
    if bare.is_empty() || bare == "." { ".".to_owned() } else { bare.to_owned() }
}
