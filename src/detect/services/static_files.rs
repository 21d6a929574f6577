//! Static files of a Django project.

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::Static;
use crate::detect::python::{Value, When};
use crate::detect::services::Evidences;
use crate::detect::services::binding::Binding;
use crate::detect::services::writable;

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
        let middleware = it.first().starts_with("MIDDLEWARE") || it.first().ends_with("APPS");
        (middleware || is_storage(it)) && holds(&it.value, |text| text.starts_with("whitenoise."))
    });
    // What the base settings said may be replaced: nothing before the last that always
    // holds counts.
    let storages = settings.iter().rev().filter(|it| {
        is_storage(it) && (it.first() == "STATICFILES_STORAGE" || it.last() == "BACKEND")
    });
    let mut replaced = false;
    let counting =
        storages.take_while(|it| !std::mem::replace(&mut replaced, it.when == When::Always));
    let manifest =
        counting.into_iter().find(|it| holds(&it.value, |text| text.contains("Manifest")));
    let root = place.and_then(|it| writable::place(&it.value, evidences.context.startup.root()));
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
        compressed: last(&settings, "COMPRESS_OFFLINE")
            .is_some_and(|it| !matches!(it.value, Value::Bool(false) | Value::None)),
        root,
        url: url.and_then(|it| it.value.text()),
    };
    Fact::Known(found, lines)
}

/// The binding of a setting that wins: of the module nearest to the settings
/// module itself, the last.
pub(super) fn last<'b>(settings: &[&'b Binding], name: &str) -> Option<&'b Binding> {
    settings.iter().rev().find(|it| it.path == [name]).copied()
}

fn is_storage(binding: &Binding) -> bool {
    binding.first() == "STATICFILES_STORAGE"
        || (binding.first() == "STORAGES" && binding.passes("staticfiles"))
}

fn holds(value: &Value, test: impl Fn(&str) -> bool) -> bool {
    value.parts().iter().any(|part| matches!(part, Value::Text(text) if test(text)))
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::Repository;

    #[test]
    fn paths_are_read_in_every_way_to_write_them() {
        for (base, root) in [
            (
                "from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\n",
                "BASE_DIR / 'public' / 'static'",
            ),
            (
                "import os\nBASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))\n",
                "os.path.join(BASE_DIR, 'public/static')",
            ),
            (
                "from pathlib import Path\nBASE_DIR = Path(__file__).parents[1]\n",
                "str(BASE_DIR.joinpath('public', 'static'))",
            ),
            (
                "import environ\nBASE_DIR = environ.Path(__file__) - 2\n",
                "str(BASE_DIR.path('public/static'))",
            ),
            (
                "from os.path import abspath, dirname\nBASE_DIR = dirname(dirname(abspath(__file__)))\n",
                "BASE_DIR + '/public/static'",
            ),
            (
                "from pathlib import Path\nBASE_DIR = Path(__file__).parent.parent\n",
                "f'{BASE_DIR}/public/static/'",
            ),
        ] {
            let settings = format!("{base}STATIC_ROOT = {root}\nSTATIC_URL = '/s/'\n");
            let found = Repository::django(&settings, &[]).find().static_files;
            let found = found.value().unwrap();
            assert!(found.collectstatic);
            assert_eq!(found.root.as_deref(), Some("public/static"), "{root}");
            assert_eq!(found.url.as_deref(), Some("/s/"));
        }
    }

    #[test]
    fn without_a_root_nothing_is_collected() {
        for settings in ["STATIC_URL = 'static/'\n", "STATIC_URL = '/s/'\nSTATIC_ROOT = None\n"] {
            let found = Repository::django(settings, &[]).find().static_files;
            assert!(!found.value().unwrap().collectstatic, "{settings}");
        }
    }

    #[test]
    fn whitenoise_and_hashed_names_are_told_by_middleware_and_storage() {
        let settings = "STATIC_ROOT = '/srv/static'\nMIDDLEWARE = ['a', 'whitenoise.middleware.WhiteNoiseMiddleware']\nSTORAGES = {'staticfiles': {'BACKEND': 'whitenoise.storage.CompressedManifestStaticFilesStorage'}}\n";
        let found = Repository::django(settings, &[]).find().static_files;
        let found = found.value().unwrap();
        assert!(found.whitenoise && found.manifest && found.collectstatic);
        assert_eq!(found.root.as_deref(), Some("/srv/static"));
        let plain = "STATIC_ROOT = 'x'\nMIDDLEWARE = []\nMIDDLEWARE.insert(1, 'whitenoise.middleware.WhiteNoiseMiddleware')\n";
        let found = Repository::django(plain, &[]).find().static_files;
        assert!(found.value().unwrap().whitenoise && !found.value().unwrap().manifest);
    }

    #[test]
    fn what_is_compressed_beforehand_is_told_by_its_switch() {
        for (switch, compressed) in [("True", true), ("not DEBUG", true), ("False", false)] {
            let settings =
                format!("DEBUG = False\nSTATIC_ROOT = 'x'\nCOMPRESS_OFFLINE = {switch}\n");
            let found = Repository::django(&settings, &[]).find().static_files;
            assert_eq!(found.value().unwrap().compressed, compressed, "{switch}");
        }
    }

    #[test]
    fn a_root_that_only_the_settings_of_development_set_is_not_productions() {
        let found =
            Repository::django("STATIC_URL = '/s/'\nif DEBUG:\n    STATIC_ROOT = 'x'\n", &[])
                .find();
        assert!(!found.static_files.value().unwrap().collectstatic);
    }
}
