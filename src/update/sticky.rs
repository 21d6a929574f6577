//! Values that stay what they were until somebody asks for others: the
//! project's name, Python's minor version, the major versions of images that
//! hold data.

use crate::answers::document::Entry;
use crate::answers::{Draft, Origin};
use crate::apply::bookkeeping::Lock;
use crate::catalog::VERSIONS;
use crate::plan::Plan;
use crate::preset::policy::tag;
use crate::version;

/// Puts what stays into a draft, below what `dockwright.toml` and flags say;
/// gives what is offered instead.
pub fn keep(draft: &mut Draft, lock: &Lock, entries: &[Entry], set: &[String]) -> Vec<String> {
    let mut offers = Vec::new();
    for (key, kept) in &lock.sticky {
        let asked = entries.iter().any(|entry| entry.key == *key)
            || set.iter().any(|flag| flag.split('=').next().map(str::trim) == Some(key));
        if asked {
            continue;
        }
        match key.strip_prefix("images.") {
            Some(name) => offers.extend(keep_image(draft, name, kept)),
            // A lock asks for another value in so many words.
            None if draft.policy().locks.contains_key(key) => {}
            None => {
                let offered = draft.text(key);
                let is_default = key == "project.python" && !offered.is_empty();
                if is_default && offered != *kept {
                    offers.push(format!(
                        "{key} stays {kept}; {offered} is offered: `dockwright update --set {key}={offered}`"
                    ));
                }
                // What was written before was valid.
                let _ = draft.set(key, kept, Origin::Sticky);
            }
        }
    }
    offers
}

/// An image that holds data keeps its major version; the rest of its tag
/// follows the preset.
fn keep_image(draft: &mut Draft, name: &str, kept: &str) -> Option<String> {
    let key = format!("images.{name}");
    let said = draft.text(&key);
    let usual = VERSIONS.images.get(name)?;
    let offered = if said.is_empty() { usual.clone() } else { said };
    let (old, new) = (tag(kept)?, tag(&offered)?);
    if major(old) == major(new) {
        return None;
    }
    let reference = format!("{}:{old}", offered.strip_suffix(&format!(":{new}"))?);
    draft.set(&key, &reference, Origin::Sticky).ok()?;
    let direction = version::compare(new, old) == Some(std::cmp::Ordering::Greater);
    direction.then(|| {
        format!(
            "{key} stays {reference}, under data of that version; {offered} is offered: `dockwright update --set {key}={offered}` takes it and names the steps"
        )
    })
}

fn major(tag: &str) -> &str {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    tag.split(|c: char| !c.is_ascii_digit()).next().unwrap_or(tag)
}

/// What a person has to do where the plan moves a store under live data.
#[must_use]
pub fn steps(lock: &Lock, plan: &Plan) -> Vec<String> {
    let mut steps = Vec::new();
    let moved = |name: &str| {
        let (old, new) = (lock.sticky.get(&format!("images.{name}"))?, plan.images.get(name)?);
        let (old, new) = (tag(old)?, tag(new)?);
        (major(old) != major(new)).then(|| (major(old).to_owned(), major(new).to_owned()))
    };
    let service = |role| plan.answers.services[&role].as_str();
    if let Some((old, new)) = moved("postgres") {
        let db = service(crate::schema::Role::Db);
        steps.push(format!(
            "PostgreSQL goes from {old} to {new}, and {new} does not read the data of {old}. Before the next start: \
             1. with the old files, `docker compose exec {db} sh -c 'pg_dumpall --username \"$POSTGRES_USER\"' > dump.sql`; \
             2. `docker compose down`, and keep the old volume until step 4: `docker volume ls`; \
             3. give the database an empty volume (another name under `volumes:`, or `docker volume rm` once the dump is safe); \
             4. `docker compose up --wait {db}`, then `docker compose exec --no-TTY {db} sh -c 'psql --username \"$POSTGRES_USER\" postgres' < dump.sql`"
        ));
    }
    if let Some((old, new)) = moved("redis") {
        steps.push(format!(
            "Redis goes from {old} to {new}: a newer one reads the older one's data, an older one does not read the newer one's. Copy the volume before the next start"
        ));
    }
    steps
}
