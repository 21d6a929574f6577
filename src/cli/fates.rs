//! What becomes of what the old files did, as a report shows it: what is replaced or
//! dropped, the heaviest first, by file and service.

use serde_json::{Value, json};

use crate::cli::layout::{paragraph, visible};
use crate::inventory::{Fate, Judged, Kind, New, Weight};

/// Names that are listed of what shares its fate and the reason.
const LISTED: usize = 8;

/// Longest value that is shown, in characters.
const LONGEST: usize = 72;

/// Every item: `kind`, `path`, `line`, `subject`, `name`, `value`, `fate` (kept,
/// merged, replaced, dropped), and with that `by`, `reason` and `weight`.
#[must_use]
pub fn json(all: &[Judged]) -> Value {
    let one = |own: &Judged| {
        let item = &own.item;
        let mut value = json!({
            "kind": item.kind.word(),
            "path": item.path,
            "line": item.line,
            "subject": item.subject,
            "name": item.name,
            "value": item.shown(),
            "fate": own.fate.word(),
        });
        match &own.fate {
            Fate::Kept => {}
            Fate::Merged { into } => value["by"] = json!(into),
            Fate::Replaced { by, reason } => {
                value["by"] = json!(by);
                value["reason"] = json!(reason);
                value["weight"] = json!(own.weight.word());
            }
            Fate::Dropped { reason } => {
                value["reason"] = json!(reason);
                value["weight"] = json!(own.weight.word());
            }
        }
        value
    };
    all.iter().map(one).collect()
}

/// What is new: `what` and `reason`.
#[must_use]
pub fn news(all: &[New]) -> Value {
    all.iter().map(|own| json!({ "what": own.what, "reason": own.reason })).collect()
}

/// What is told of a group: a file, or a service in it.
struct Group<'a> {
    head: String,
    told: Vec<&'a Judged>,
}

/// The report; empty where nothing takes the place of anything.
#[must_use]
pub fn text(all: &[Judged], news: &[New], width: usize) -> String {
    // A file that stays, and all that it says.
    let stays = || all.iter().all(|own| own.item.path == "Procfile" && !own.is_told());
    if all.is_empty() || stays() {
        return String::new();
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for own in all.iter().filter(|own| own.is_told()) {
        let head = head(own);
        match groups.iter_mut().find(|group| group.head == head) {
            Some(group) => group.told.push(own),
            None => groups.push(Group { head, told: vec![own] }),
        }
    }
    let heaviest = |group: &Group<'_>| group.told.iter().map(|own| own.weight).max();
    groups.sort_by_key(|group| std::cmp::Reverse(heaviest(group)));
    let mut text = String::new();
    if !groups.is_empty() {
        text.push_str("\nWhat the old files did, and is not as it was (! may be missed)\n");
    }
    for group in &groups {
        text.push_str(&format!("  {}\n", visible(&group.head)));
        for line in lines(group) {
            text.push_str(&paragraph(&visible(&line), width, "    "));
        }
    }
    if !news.is_empty() {
        text.push_str("\nNew, and may be felt\n");
    }
    for own in news {
        let line = match own.reason.as_str() {
            "" => format!("- {}", own.what),
            reason => format!("- {}: {reason}", own.what),
        };
        text.push_str(&paragraph(&visible(&line), width, "  "));
    }
    text.push('\n');
    text.push_str(&paragraph(&counted(all), width, ""));
    text
}

/// `compose.yaml, web`; the file alone of what belongs to no service or stage.
fn head(own: &Judged) -> String {
    let item = &own.item;
    let is_apart = item.subject.is_empty()
        || item.subject == item.path
        || matches!(item.kind, Kind::Location | Kind::Directive | Kind::Setting | Kind::Stage);
    let is_stage = matches!(
        item.kind,
        Kind::Run | Kind::Package | Kind::Extra | Kind::Copy | Kind::Instruction
    ) || item
        .path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.to_lowercase().contains("dockerfile"));
    match is_apart || is_stage {
        true => item.path.clone(),
        false => format!("{}, {}", item.path, item.subject),
    }
}

/// The lines of a group, each with its mark: what shares fate and reason is one.
fn lines(group: &Group<'_>) -> Vec<String> {
    let mut told: Vec<&&Judged> = group.told.iter().collect();
    told.sort_by_key(|own| (std::cmp::Reverse(own.weight), own.item.line));
    let mut shared: Vec<(&Judged, Vec<String>)> = Vec::new();
    let mut form: Vec<String> = Vec::new();
    for own in told {
        if own.weight == Weight::Form {
            form.push(named(own));
            continue;
        }
        let same = |other: &Judged| {
            other.fate == own.fate && other.item.kind == own.item.kind && other.weight == own.weight
        };
        match shared.iter_mut().find(|(first, _)| same(first)) {
            Some((_, names)) => names.push(placed(own)),
            None => shared.push((own, vec![placed(own)])),
        }
    }
    let mut lines: Vec<String> = shared
        .into_iter()
        .map(|(own, names)| {
            let mark = if own.weight == Weight::Behaviour { '!' } else { '-' };
            let names = listed(&names);
            let line = match &own.fate {
                Fate::Replaced { by, reason } => {
                    format!("{names} replaced by {}: {reason}", short(by))
                }
                Fate::Dropped { reason } => format!("{names} dropped: {reason}"),
                Fate::Kept | Fate::Merged { .. } => names,
            };
            format!("{mark} {line}")
        })
        .collect();
    if !form.is_empty() {
        form.dedup();
        lines.push(format!("- of form alone: {}", listed(&form)));
    }
    lines
}

fn listed(names: &[String]) -> String {
    match names.len().checked_sub(LISTED).filter(|rest| *rest > 1) {
        None => names.join(", "),
        Some(rest) => format!("{} and {rest} more", names[..LISTED].join(", ")),
    }
}

/// `location /media/ (line 4)`
fn placed(own: &Judged) -> String {
    format!("{} (line {})", named(own), own.item.line)
}

/// What an item is called: its kind where the name does not say it, and its value.
fn named(own: &Judged) -> String {
    let item = &own.item;
    let (name, value) = (item.name.as_str(), short(&item.shown()));
    match item.kind {
        Kind::Step => format!("`{value}`"),
        Kind::Run => format!("RUN `{value}`"),
        Kind::Copy => format!("COPY {value}"),
        Kind::Option if !value.is_empty() => value,
        Kind::Stage => format!("FROM {value}"),
        Kind::Environment | Kind::BuildArgument | Kind::Label => format!("{name}={value}"),
        Kind::Setting => format!("{name} = {value}"),
        Kind::Port | Kind::Volume => format!("{} {value}", item.kind.word()),
        Kind::Directive => format!("{name} {value}").trim_end().to_owned(),
        Kind::Instruction => format!("{name} {value}"),
        Kind::Key | Kind::Image | Kind::Build | Kind::Project if !value.is_empty() => {
            format!("{name}: {value}")
        }
        Kind::HealthCheck => format!("health check's {name} {value}"),
        Kind::Key => name.to_owned(),
        kind => format!("{} {name}", kind.word()),
    }
}

/// A value that fits a line or two.
fn short(text: &str) -> String {
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// `61 things: 40 kept, 5 in another form, 10 replaced, 6 dropped; …`
fn counted(all: &[Judged]) -> String {
    let count = |word: &str| all.iter().filter(|own| own.fate.word() == word).count();
    let missed = |own: &&Judged| own.is_told() && own.weight == Weight::Behaviour;
    let missed = all.iter().filter(missed).count();
    let missed = match missed {
        0 if all.iter().all(|own| !own.is_told()) => "nothing is lost".to_owned(),
        0 => "none of them is known to change what the application does".to_owned(),
        1 => "one of them (!) may change what the application does".to_owned(),
        many => format!("{many} of them (!) may change what the application does"),
    };
    let are = |many: usize| if many == 1 { "1 is".to_owned() } else { format!("{many} are") };
    format!(
        "Of {} things that the old files did {} kept, {} there in another form, {} replaced and {} dropped: {missed}. `--format json` lists each with its fate.",
        all.len(),
        are(count("kept")),
        are(count("merged")),
        are(count("replaced")),
        count("dropped"),
    )
}
