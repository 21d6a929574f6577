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
    let is_committed = |root: &String| context_has(evidences, root);
    let uncollected = uncollected(evidences, &settings, root.as_ref().is_some_and(is_committed));
    let found = Static {
        collectstatic: place.is_some() && uncollected.is_empty(),
        committed: !uncollected.is_empty() && root.as_ref().is_some_and(is_committed),
        uncollected,
        whitenoise: whitenoise.is_some(),
        manifest: manifest.is_some(),
        compressed: last(&settings, "COMPRESS_OFFLINE")
            .is_some_and(|it| !matches!(it.value, Value::Bool(false) | Value::None)),
        root,
        url: url.and_then(|it| it.value.text()),
    };
    Fact::Known(found, lines)
}

/// Whether the repository has files at a path.
fn context_has(evidences: &Evidences<'_, '_>, path: &str) -> bool {
    evidences.context.tree.below(path.trim_end_matches('/')).next().is_some()
}

/// Why `collectstatic` is not run; empty where it is. A committed output goes on as it is
/// where what it was made from is not there: a new list of names would lack its files.
fn uncollected(evidences: &Evidences<'_, '_>, settings: &[&Binding], is_committed: bool) -> String {
    let of = |name: &str| settings.iter().filter(|it| it.first() == name).collect::<Vec<_>>();
    let apps = of("INSTALLED_APPS");
    let is_read = |value: &&Value| matches!(value, Value::Text(_) | Value::List(_) | Value::None);
    let all = || apps.iter().flat_map(|it| it.value.parts());
    let has_app = all()
        .any(|part| part.text().is_some_and(|text| text.starts_with("django.contrib.staticfiles")));
    if !apps.is_empty() && !has_app && all().all(|part| is_read(&part)) {
        return "django.contrib.staticfiles is not among INSTALLED_APPS".to_owned();
    }
    let root = evidences.context.startup.root();
    let sources = of("STATICFILES_DIRS").into_iter().flat_map(|it| match &it.value {
        Value::List(items) => items.iter().collect(),
        one => vec![one],
    });
    let missing = sources
        .filter_map(|value| match value {
            // A prefix, and its directory.
            Value::List(pair) => writable::place(pair.last()?, root),
            value => writable::place(value, root),
        })
        .find(|path| !context_has(evidences, path));
    match missing.filter(|_| is_committed) {
        Some(path) => format!("{path}, which it would collect from, is not in the repository"),
        None => String::new(),
    }
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
    fn nothing_is_collected_without_the_app_nor_from_what_is_not_there() {
        let base = "from pathlib import Path\nBASE_DIR = Path(__file__).parent.parent\nSTATIC_ROOT = BASE_DIR / 'static'\n";
        let app = "INSTALLED_APPS = ['django.contrib.staticfiles']\n";
        let committed = [("static/app.css", "a {}")];
        let source = [("static/app.css", "a {}"), ("ui/dist/app.css", "a {}")];
        for (more, files, collects, is_committed) in [
            ("INSTALLED_APPS = ['django.contrib.admin']\n", &committed[..], false, true),
            ("INSTALLED_APPS = ['shop']\nINSTALLED_APPS += ['cart']\n", &[][..], false, false),
            ("INSTALLED_APPS = apps()\n", &committed[..], true, false),
            (
                "DJANGO = ['django.contrib.staticfiles']\nINSTALLED_APPS = DJANGO + ['shop']\n",
                &committed[..],
                true,
                false,
            ),
            ("", &committed[..], true, false),
            (
                &format!("{app}STATICFILES_DIRS = [BASE_DIR / 'ui' / 'dist']\n"),
                &committed[..],
                false,
                true,
            ),
            (
                &format!("{app}STATICFILES_DIRS = (('ui', BASE_DIR / 'ui/dist'),)\n"),
                &committed[..],
                false,
                true,
            ),
            (
                &format!("{app}STATICFILES_DIRS = [BASE_DIR / 'ui' / 'dist']\n"),
                &source[..],
                true,
                false,
            ),
            (
                &format!("{app}STATICFILES_DIRS = [BASE_DIR / 'ui' / 'dist']\n"),
                &[][..],
                true,
                false,
            ),
        ] {
            let found = Repository::django(&format!("{base}{more}"), files).find().static_files;
            let found = found.value().unwrap();
            assert_eq!((found.collectstatic, found.committed), (collects, is_committed), "{more}");
            assert_eq!(found.uncollected.is_empty(), collects, "{more}");
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
