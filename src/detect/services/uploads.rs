//! What requests may bring along, and how large it may be.

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::Uploads;
use crate::detect::python::Value;
use crate::detect::services::Evidences;
use crate::detect::services::binding::Binding;
use crate::source::nginx::{self, Directive};
use crate::source::text::Text;

/// Text of a module that takes files.
const TAKERS: [&str; 5] =
    ["UploadFile", "request.files", "request.FILES", "FileField(", "ImageField("];

const MIB: u64 = 1024 * 1024;

/// Whether files are sent to the application, and the largest that it, or the
/// proxy that stands before it, says it takes.
pub(super) fn find(evidences: &Evidences<'_, '_>) -> Fact<Uploads> {
    let stated = of_proxy(evidences).or_else(|| of_code(evidences));
    let modules = evidences.project.modules.iter();
    let mut taking = modules.filter(|own| TAKERS.iter().any(|word| own.text().contains(word)));
    match (stated, taking.next()) {
        (Some((largest, whole, line)), _) => {
            let place = line.place();
            Fact::Known(Uploads { largest_mib: Some(largest), whole, place }, vec![line])
        }
        (None, Some(module)) => {
            let line = Evidence::file(&module.path);
            let place = line.place();
            Fact::Known(Uploads { largest_mib: None, whole: true, place }, vec![line])
        }
        (None, None) => Fact::Unknown,
    }
}

/// The largest that a name of the code states; whether that is a whole body.
fn of_code(evidences: &Evidences<'_, '_>) -> Option<(u32, bool, Evidence)> {
    let compared = compared(evidences);
    let stated = evidences.live().filter_map(|binding| {
        let is_compared = compared.iter().any(|name| name == binding.last());
        let bytes = limit(binding, is_compared)?;
        let whole = binding.last().to_ascii_uppercase().contains("CONTENT_LENGTH");
        Some((u32::try_from(bytes.div_ceil(MIB)).ok()?, whole, binding.evidence.clone()))
    });
    stated.max_by_key(|(largest, _, _)| *largest)
}

/// Names that the size of something is compared with, in modules that take files.
fn compared(evidences: &Evidences<'_, '_>) -> Vec<String> {
    const SIZES: [&str; 5] = [".size", "len(", "content_length", "content-length", ".tell()"];
    let modules = evidences.project.modules.iter();
    let taking = modules.filter(|own| TAKERS.iter().any(|word| own.text().contains(word)));
    let mut names = Vec::new();
    for line in taking.flat_map(|module| module.text().lines()) {
        let lower = line.to_ascii_lowercase();
        if !line.contains(['>', '<']) || !SIZES.iter().any(|size| lower.contains(size)) {
            continue;
        }
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        let is_limit = |word: &&str| {
            let upper = word.to_ascii_uppercase();
            ["MAX", "LIMIT"].iter().any(|own| upper.contains(own))
        };
        names.extend(words.filter(is_limit).map(str::to_owned));
    }
    names
}

/// Bytes of a limit on what is sent, by its name; the unit is in the name, or the
/// number is so small that it cannot be bytes.
fn limit(binding: &Binding, is_compared: bool) -> Option<u64> {
    let name = binding.last().to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let sizes = [
        "CONTENT_LENGTH",
        "UPLOAD",
        "FILE_SIZE",
        "FILESIZE",
        "BODY_SIZE",
        "REQUEST_SIZE",
        "IMAGE_SIZE",
    ];
    if !has(&["MAX", "LIMIT"])
        || !has(&sizes) && !is_compared
        // What is held in memory, how many there are, how long it takes.
        || has(&["MEMORY", "COUNT", "FILES", "NUMBER", "FIELDS", "TIME", "WIDTH", "HEIGHT", "PIXEL"])
        || binding.path.iter().any(|part| part.ends_with("()"))
    {
        return None;
    }
    let number = match &binding.value {
        Value::Int(number) => u64::try_from(*number).ok()?,
        value => value.text()?.parse().ok()?,
    };
    let unit = match name.rsplit('_').next()? {
        "KB" | "KIB" => 1024,
        "MB" | "MIB" | "MEGABYTES" => MIB,
        "GB" | "GIB" => 1024 * MIB,
        _ if number < 4096 => MIB,
        _ => 1,
    };
    number.checked_mul(unit).filter(|bytes| *bytes > 0)
}

/// `client_max_body_size` of the repository's own proxy; the largest, since it may
/// be raised for one location.
fn of_proxy(evidences: &Evidences<'_, '_>) -> Option<(u32, bool, Evidence)> {
    let tree = evidences.context.tree;
    let files = tree.counted().filter(|path| path.ends_with(".conf") && path.contains("nginx"));
    let stated = files.filter_map(|path| {
        let text = Text::new(path, tree.text(path)?);
        let mut found = Vec::new();
        sizes(&nginx::read(&text.text).ok()?, &mut found);
        let (size, at) = found.into_iter().max()?;
        Some((size, true, tree.evidence(path, text.line(at))))
    });
    stated.max_by_key(|(size, _, _)| *size)
}

fn sizes(directives: &[Directive], found: &mut Vec<(u32, usize)>) {
    for own in directives {
        if own.name == "client_max_body_size" {
            let text = own.first().to_ascii_lowercase();
            let number = |suffix: char| text.strip_suffix(suffix)?.parse::<u32>().ok();
            let size = number('m').or_else(|| number('g')?.checked_mul(1024));
            let size = size.or_else(|| Some(number('k')?.div_ceil(1024)));
            found.extend(size.filter(|size| *size > 0).map(|size| (size, own.span.start)));
        }
        sizes(own.inside(), found);
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::services::fixture::Repository;

    #[test]
    fn limits_are_read_in_the_unit_that_they_are_stated_in() {
        for (line, largest) in [
            ("MAX_FILE_SIZE_MB = 500", Some(500)),
            ("MAX_UPLOAD_SIZE = 25 * 1024 * 1024", Some(25)),
            ("app.config['MAX_CONTENT_LENGTH'] = 16 * 1000 * 1000", Some(16)),
            ("MAX_UPLOAD_SIZE = 10 << 20", Some(10)),
            ("MAX_UPLOAD = int(os.getenv('MAX_UPLOAD', '20'))", Some(20)),
            ("MAX_UPLOAD_MB = 30", Some(30)),
            (
                "MAX_PHOTO_SIZE = 7 * 1024 * 1024\nif len(data) > MAX_PHOTO_SIZE: raise ValueError",
                Some(7),
            ),
            (
                "PHOTO_LIMIT_MB = 9\nif photo.size >= PHOTO_LIMIT_MB * 1024 * 1024: raise ValueError",
                Some(9),
            ),
            ("MAX_BATCH_SIZE = 64 * 1024 * 1024", None),
            ("MAX_UPLOAD_SIZE = int(os.getenv('MAX_MB', '256')) * 1024 * 1024", Some(256)),
            ("MAX_UPLOAD_FILES = 4", None),
            ("DATA_UPLOAD_MAX_MEMORY_SIZE = 100", None),
        ] {
            let main = format!(
                "import os\nfrom fastapi import FastAPI, UploadFile\napp = FastAPI()\n{line}\n"
            );
            let found = Repository::fastapi(&main, &[]).find().uploads;
            assert_eq!(found.value().unwrap().largest_mib, largest, "{line}");
        }
        assert!(
            Repository::fastapi("from fastapi import FastAPI\napp = FastAPI()\n", &[])
                .find()
                .uploads
                .value()
                .is_none()
        );
    }

    #[test]
    fn what_the_proxy_lets_through_decides() {
        let main =
            "from fastapi import FastAPI, UploadFile\napp = FastAPI()\nMAX_FILE_SIZE_MB = 500\n";
        let conf = "server {\n  client_max_body_size 20m;\n  location /big { client_max_body_size 1g; }\n}\n";
        let found = Repository::fastapi(main, &[("nginx/app.conf", conf)]).find().uploads;
        let found = found.value().unwrap();
        assert_eq!((found.largest_mib, found.place.as_str()), (Some(1024), "nginx/app.conf:3"));
    }
}
