//! How what `data` watches is broken on purpose.

use crate::lint::subject::Kind;
use crate::verify::arm::{Arm, How};
use crate::verify::case::Case;
use crate::verify::model::Model;
use crate::verify::steps::sabotage::{self, kind};

/// One for each check that can be broken.
pub const ARMS: &[Arm] = &[
    arm("data.restart", "the database keeps its data in memory", forgetful),
    arm("data.kill", "the database keeps its data in memory", forgetful),
    arm("data.backup", "the backup leaves the rows out", empty),
    arm("data.migrate", "the schema is another one each time", restless),
    Arm {
        check: "data.previous",
        breaks: "the image that ran before does not work with what is there now",
        how: How::Case(alien),
        alone: true,
    },
];

const fn arm(check: &'static str, breaks: &'static str, how: fn(&Case, &mut Model) -> bool) -> Arm {
    Arm { check, breaks, how: How::Project(how), alone: true }
}

fn forgetful(case: &Case, model: &mut Model) -> bool {
    kind(case, |kind| kind == Kind::Postgres || kind == Kind::Mysql)
        .is_some_and(|name| sabotage::in_memory(model, &name))
}

/// The next `pg_dump` on the PATH, without rows.
const DUMP: &str = "#!/bin/sh
IFS=:
for place in $PATH; do
  case $place in /usr/local/sbin) continue;; esac
  [ -x \"$place/pg_dump\" ] && exec \"$place/pg_dump\" --schema-only \"$@\"
done
exit 127
";

fn empty(case: &Case, model: &mut Model) -> bool {
    kind(case, |kind| kind == Kind::Postgres)
        .is_some_and(|name| sabotage::program(model, &name, "/usr/local/sbin/pg_dump", DUMP))
}

/// An image of the stack that is there in any case, and is no application.
fn alien(case: &mut Case) -> bool {
    let store = case.of(|own| own.kind.is_store()).next().map(|own| own.name.clone());
    case.previous = store.map(|store| case.model.image(&store).to_owned());
    case.previous.is_some()
}

/// Makes tables as long as the database runs.
const TABLES: &str = "(n=0; while sleep 0.2; do
  n=$((n + 1))
  psql -qU \"${POSTGRES_USER:-postgres}\" -d \"${POSTGRES_DB:-${POSTGRES_USER:-postgres}}\" -c \"create table verify_arm_$(date +%s)_$n ()\" 2>/dev/null
done) & exec \"$@\"";

fn restless(case: &Case, model: &mut Model) -> bool {
    kind(case, |kind| kind == Kind::Postgres)
        .is_some_and(|name| sabotage::postgres(model, &name, TABLES))
}
