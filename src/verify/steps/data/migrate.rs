//! Migrations that run again change nothing.

use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::steps::breaks::migrating;
use crate::verify::store::Store;
use crate::verify::trouble::Outcome;

const CHECK: &str = "data.migrate";

/// Runs every migration once more, after the one of the start.
///
/// # Errors
/// When the engine does not answer.
pub async fn run(run: &mut Run<'_>, store: Option<&Store>) -> Outcome {
    let names = migrating(run);
    if names.is_empty() {
        run.record(Finding::skipped(CHECK, "no service migrates the database"));
        return Ok(());
    }
    let limit = run.seconds("verify.healthy");
    for name in names {
        run.doing(format!("running {name} again"));
        let before = schema(run, store).await?;
        let output = run.stack.compose(&["run", "--rm", "--no-deps", "-T", &name], limit).await?;
        let after = schema(run, store).await?;
        let finding = match (output.is_ok(), before, after) {
            (false, ..) => {
                let code = output
                    .code
                    .map_or_else(|| "was given up".to_owned(), |own| format!("ended with {own}"));
                Finding::failed(CHECK, format!("run a second time, it {code}"))
                    .log(output.tail(8))
                    .help("a migration that has been applied has to be known as such: every deployment runs it again")
            }
            (true, Ok(before), Ok(after)) if before == after => Finding::passed(
                CHECK,
                format!(
                    "run a second time, it ended with 0, and the schema of {} lines is the same",
                    after.lines().count()
                ),
            ),
            (true, Ok(before), Ok(after)) => {
                let new = after.lines().filter(|line| !before.lines().any(|own| own == *line));
                Finding::failed(CHECK, "run a second time, it changed the schema")
                    .log(new.take(8).map(str::to_owned).collect())
            }
            (true, Err(why), _) | (true, _, Err(why)) => Finding::passed(
                CHECK,
                format!("run a second time, it ended with 0; the schema was not compared: {why}"),
            ),
        };
        run.record(finding.of(name));
    }
    Ok(())
}

async fn schema(run: &Run<'_>, store: Option<&Store>) -> Outcome<Result<String, String>> {
    match store {
        Some(store) => store.schema(run).await,
        None => Ok(Err("the stack has no database of its own that can be asked".into())),
    }
}
