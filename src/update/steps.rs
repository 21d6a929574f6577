//! What a person has to do by hand where an update moves a store under live
//! data.

use crate::apply::bookkeeping::Lock;
use crate::plan::Plan;
use crate::source::compose::image::tag;
use crate::version::major;

/// What a person has to do where the plan moves a store under live data.
#[must_use]
pub fn of(lock: &Lock, plan: &Plan) -> Vec<String> {
    let mut steps = Vec::new();
    // Stores of the user's own compose file do not move with the plan.
    if lock.is_improved() {
        return steps;
    }
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
