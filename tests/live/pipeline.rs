//! The pipeline of `deploy.ci`: the commands of each of its steps, against stand-ins for what it talks to. The scripts
//! in `pipeline/` say which.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::docker::run;

fn script(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/pipeline").join(name);
    let mut command = Command::new("bash");
    command.arg(path).env("DOCKWRIGHT", env!("CARGO_BIN_EXE_dockwright"));
    run(&mut command, Duration::from_secs(600)).expect_success();
}

#[test]
fn a_release_that_is_not_healthy_goes_back_to_the_one_before() {
    script("release.sh");
}

#[test]
fn a_release_starts_its_own_files_and_claims_nothing_that_is_not_known() {
    script("host.sh");
}

#[test]
fn what_is_signed_is_the_merged_image_of_what_was_built_and_scanned() {
    script("publish.sh");
}

#[test]
fn a_cluster_gets_the_migration_first_and_goes_back_where_it_is_not_healthy() {
    script("cluster.sh");
}
