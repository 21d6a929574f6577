//! Static files of a Django project.

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::Static;
use crate::detect::services::Evidences;
use crate::detect::services::binding::Binding;
use crate::detect::services::value::Value;

/// Where `collectstatic` collects to, and what serves it.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> Fact<Static> {
    if evidences.project.settings.is_empty() {
        return Fact::Unknown;
    }
    let settings: Vec<&Binding> = evidences.live().filter(|it| it.in_settings).collect();
    let place = last(&settings, "STATIC_ROOT")
        .filter(|it| !matches!(&it.value, Value::None) && it.value.text().as_deref() != Some(""));
    let url = last(&settings, "STATIC_URL");
    let whitenoise = settings.iter().find(|it| {
        let middleware = it.path[0].starts_with("MIDDLEWARE") || it.path[0].ends_with("APPS");
        (middleware || is_storage(it)) && holds(&it.value, |text| text.starts_with("whitenoise."))
    });
    let manifest = settings
        .iter()
        .find(|it| is_storage(it) && holds(&it.value, |text| text.contains("Manifest")));
    let root = place.and_then(|it| it.value.path(evidences.context.startup.root()));
    let mut lines: Vec<Evidence> = Vec::new();
    for binding in [place, url, whitenoise.copied(), manifest.copied()].into_iter().flatten() {
        if !lines.contains(&binding.evidence) {
            lines.push(binding.evidence.clone());
        }
    }
    if lines.is_empty() {
        return Fact::Unknown;
    }
    let found = Static {
        collectstatic: place.is_some(),
        whitenoise: whitenoise.is_some(),
        manifest: manifest.is_some(),
        root,
        url: url.and_then(|it| it.value.text()),
    };
    Fact::Known(found, lines)
}

/// The binding of a setting that wins: of the module nearest to the settings
/// module itself, the last.
fn last<'b>(settings: &[&'b Binding], name: &str) -> Option<&'b Binding> {
    settings.iter().rev().find(|it| it.path == [name]).copied()
}

fn is_storage(binding: &Binding) -> bool {
    binding.path[0] == "STATICFILES_STORAGE" || (binding.path[0] == "STORAGES" && binding.passes("staticfiles"))
}

fn holds(value: &Value, test: impl Fn(&str) -> bool) -> bool {
    value.parts().iter().any(|part| matches!(part, Value::Text(text) if test(text)))
}
